// A trace file, read back: the slices of each track, arrows and thefts, each checked for its form on the way.
#pragma once

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "json.hpp"

namespace fixture {

struct Slice {
    long long track;
    double begin;
    double end;
    std::string name;
    long long goroutine;
    std::string place;
    std::string here;
    std::string woken_by; // empty: not said, as is the next
    std::string started_by;
    std::string then;
};

struct Arrow {
    std::string name;
    long long from_track;
    double from;
    long long to_track;
    double to;
};

/// A file name of this process's own; the file is removed at the end.
class TracePath {
public:
    explicit TracePath(const std::string& name = "trace", pid_t process = ::getpid())
        : path_{"/tmp/gofer_" + std::to_string(process) + "_" + name + ".json"} {}
    ~TracePath() { std::remove(path_.c_str()); }
    TracePath(const TracePath&) = delete;
    TracePath& operator=(const TracePath&) = delete;

    operator const std::string&() const { return path_; }

private:
    std::string path_;
};

/// Throws when the file is no JSON, when begins and ends do not pair off, when times run backwards on a track, when half
/// an arrow is missing, or when one begins or ends where no slice is: what Perfetto calls an error in a file.
class TraceReader {
public:
    explicit TraceReader(const std::string& path) {
        std::ifstream in{path};
        std::stringstream text;
        text << in.rdbuf();
        const std::string whole = text.str();
        const Json file = JsonReader::read(whole);
        for (const Json& e : file["traceEvents"].elements) take(e);
        for (const auto& [track, open] : open_)
            if (open) throw std::runtime_error("a slice without an end");
        if (!starts_.empty()) throw std::runtime_error("an arrow without a head");
        for (const Arrow& arrow : arrows)
            if (!at(arrow.from_track, arrow.from) || !at(arrow.to_track, arrow.to))
                throw std::runtime_error("an arrow from or to no slice");
    }

    std::vector<Slice> slices; // in the order of the file: track by track
    std::vector<Arrow> arrows;
    std::vector<std::string> thefts;
    std::map<long long, std::string> tracks;

    [[nodiscard]] std::vector<Slice> of(const std::string& name) const {
        std::vector<Slice> found;
        std::copy_if(slices.begin(), slices.end(), std::back_inserter(found),
                     [&name](const Slice& s) { return s.name.rfind(name, 0) == 0; });
        std::sort(found.begin(), found.end(),
                  [](const Slice& a, const Slice& b) { return a.begin < b.begin; });
        return found;
    }
    [[nodiscard]] const Slice* at(long long track, double time) const {
        const auto of_track = by_begin_.find(track);
        if (of_track == by_begin_.end()) return nullptr;
        const auto after = of_track->second.upper_bound(time);
        if (after == of_track->second.begin()) return nullptr;
        const Slice& s = slices[std::prev(after)->second];
        return time <= s.end ? &s : nullptr;
    }

private:
    void take(const Json& e) {
        const std::string phase = e["ph"].text;
        if (phase == "M") {
            if (e["name"].text == "thread_name") tracks[track_of(e)] = e["args"]["name"].text;
            return;
        }
        const double time = e["ts"].number;
        if (phase == "B") return begin(e, time);
        if (phase == "E") return end(e, time);
        if (phase == "s") starts_[e["id"].number] = {e["name"].text, track_of(e), time, 0, 0};
        if (phase == "f") head(e, time);
        if (phase == "i") theft(e, time);
    }
    void theft(const Json& e, double time) {
        if (time < last_[track_of(e)]) throw std::runtime_error("time runs backwards");
        last_[track_of(e)] = time;
        thefts.push_back(e["name"].text);
    }
    static std::string said(const Json& args, const char* key) { return args.has(key) ? args[key].text : ""; }
    static long long track_of(const Json& e) { return static_cast<long long>(e["tid"].number); }

    void begin(const Json& e, double time) {
        const long long track = track_of(e);
        if (open_[track]) throw std::runtime_error("a slice begins in another");
        if (time < last_[track]) throw std::runtime_error("time runs backwards");
        if (tracks.count(track) == 0) throw std::runtime_error("a track without a name");
        open_[track] = true;
        last_[track] = time;
        const Json& args = e["args"];
        slices.push_back({track, time, 0, e["name"].text, static_cast<long long>(args["goroutine"].number),
                          args["started at"].text, args["here"].text, said(args, "woken by"),
                          said(args, "started by"), ""});
        open_slice_[track] = slices.size() - 1;
        by_begin_[track][time] = slices.size() - 1;
    }
    void end(const Json& e, double time) {
        const long long track = track_of(e);
        if (!open_[track]) throw std::runtime_error("an end without a begin");
        if (time < last_[track]) throw std::runtime_error("time runs backwards");
        open_[track] = false;
        last_[track] = time;
        slices[open_slice_[track]].end = time;
        slices[open_slice_[track]].then = e["args"]["then"].text;
    }
    void head(const Json& e, double time) {
        const auto start = starts_.find(e["id"].number);
        if (start == starts_.end()) throw std::runtime_error("an arrow without a tail");
        Arrow arrow = start->second;
        arrow.to_track = track_of(e);
        arrow.to = time;
        arrows.push_back(arrow);
        starts_.erase(start);
    }

    std::map<long long, bool> open_;
    std::map<long long, std::size_t> open_slice_;
    std::map<long long, double> last_;
    std::map<double, Arrow> starts_;
    std::map<long long, std::map<double, std::size_t>> by_begin_;
};

} // namespace fixture
