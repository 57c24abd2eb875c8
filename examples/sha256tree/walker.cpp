// The walk goes depth first, and a directory is closed again before the next one is opened: neither the depth
// of the tree nor its width uses up descriptors.
#include "walker.hpp"

#include <utility>
#include <vector>

#include "directory.hpp"

namespace sha256tree {

namespace {

using std::filesystem::file_type;

constexpr std::size_t batch_size = 32;

// Far ahead, since all paths are kept for sorting anyway, and the progress bar knows the sooner how much
// there is to do.
constexpr std::size_t batches_ahead = 4096;

class Walker {
public:
    Walker(gofer::Context ctx, gofer::Sender<Batch> found, Tally& tally)
        : ctx_(std::move(ctx)), found_(std::move(found)), tally_(tally) {}

    void walk(const std::string& root) {
        const file_type type = type_of(root);
        if (type == file_type::regular) add(root);
        if (type == file_type::directory) pending_.push_back(root);
        while (!pending_.empty() && !ctx_.cancelled()) {
            const std::string directory = std::move(pending_.back());
            pending_.pop_back();
            visit(directory);
        }
        send_batch();
        tally_.walk_was_cut_short = !pending_.empty();
    }

private:
    void visit(const std::string& directory) {
        Listing listing = list_directory(directory);
        if (listing.error) add(directory, listing.error);
        for (std::string& path : listing.files) add(std::move(path));
        for (std::string& path : listing.directories) pending_.push_back(std::move(path));
    }

    void add(std::string path, std::error_code error = {}) {
        batch_.push_back({std::move(path), {}, error});
        if (batch_.size() == batch_size) send_batch();
    }

    void send_batch() {
        if (batch_.empty()) return;
        tally_.found.fetch_add(batch_.size(), std::memory_order_relaxed);
        found_.send(std::exchange(batch_, {}));
    }

    gofer::Context ctx_;
    gofer::Sender<Batch> found_;
    Tally& tally_;
    Batch batch_;
    std::vector<std::string> pending_;
};

} // namespace

gofer::Receiver<Batch> start_walker(gofer::Context ctx, std::string root, Tally& tally) {
    gofer::Channel<Batch> found(batches_ahead);
    gofer::go({.name = "walker"}, [ctx = std::move(ctx), root = std::move(root), found, &tally] {
        Walker(ctx, found, tally).walk(root);
        found.close();
    });
    return found;
}

} // namespace sha256tree
