// A JSON reader for files that the library writes: strict, and it throws at the first thing that is no JSON.
#pragma once

#include <cctype>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace fixture {

struct Json {
    std::map<std::string, Json> members;
    std::vector<Json> elements;
    std::string text; // of a string
    double number{0};

    [[nodiscard]] bool has(const std::string& key) const { return members.count(key) != 0; }
    [[nodiscard]] const Json& operator[](const std::string& key) const { return members.at(key); }
};

class JsonReader {
public:
    static Json read(const std::string& text) {
        JsonReader reader{text};
        Json value = reader.value();
        reader.blank();
        if (reader.at_ != text.size()) reader.fail("something behind the end");
        return value;
    }

private:
    explicit JsonReader(const std::string& text) : text_{text} {}

    [[noreturn]] void fail(const char* what) const {
        throw std::runtime_error(std::string{what} + " at " + std::to_string(at_) + ": " + text_.substr(at_, 40));
    }
    void blank() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    }
    char next() {
        blank();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    void take(char c) {
        if (next() != c) fail("another character was expected");
        ++at_;
    }
    bool took(char c) {
        if (next() != c) return false;
        ++at_;
        return true;
    }

    Json value() {
        Json v;
        if (next() == '{') {
            object(v);
        } else if (next() == '[') {
            take('[');
            if (took(']')) return v;
            do v.elements.push_back(value());
            while (took(','));
            take(']');
        } else if (next() == '"') {
            v.text = string();
        } else {
            number(v);
        }
        return v;
    }
    void object(Json& v) {
        take('{');
        if (took('}')) return;
        do {
            next();
            const std::string key = string();
            take(':');
            v.members[key] = value();
        } while (took(','));
        take('}');
    }
    std::string string() {
        take('"');
        std::string s;
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (static_cast<unsigned char>(text_[at_]) < 0x20) fail("a raw control character");
            if (text_[at_] != '\\') {
                s += text_[at_];
            } else if (text_[++at_] == 'u') {
                s += static_cast<char>(std::stoi(text_.substr(at_ + 1, 4), nullptr, 16));
                at_ += 4;
            } else {
                s += text_[at_];
            }
        }
        take('"');
        return s;
    }
    void number(Json& v) {
        std::size_t length = 0;
        try {
            v.number = std::stod(text_.substr(at_, 32), &length);
        } catch (const std::logic_error&) {
            fail("no value");
        }
        at_ += length;
    }

    const std::string& text_;
    std::size_t at_{0};
};

} // namespace fixture
