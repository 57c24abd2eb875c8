// Reading a directory with the system's own calls: what an entry is comes along with its name, so that no
// file is asked for it. Nothing here waits for another goroutine, and nothing is inlined into what does: the
// address of errno belongs to the thread, and a goroutine may wake on another one.
#include "directory.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string_view>

namespace sha256tree {

namespace {

using std::filesystem::file_type;

struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, Close>;

std::error_code last_error() { return {errno, std::generic_category()}; }

// A directory that has become a symbolic link since it was listed is an error, not a way out of the tree.
Directory open_directory(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return Directory(descriptor < 0 ? nullptr : ::fdopendir(descriptor));
}

file_type type_of(const dirent& entry, const std::string& path) {
    switch (entry.d_type) {
    case DT_REG:
        return file_type::regular;
    case DT_DIR:
        return file_type::directory;
    case DT_UNKNOWN:
        return sha256tree::type_of(path);
    default:
        return file_type::unknown;
    }
}

void add(Listing& listing, const dirent& entry, const std::string& prefix) {
    const std::string_view name = entry.d_name;
    if (name == "." || name == "..") return;

    std::string path = prefix;
    path += name;
    const file_type type = type_of(entry, path);
    if (type == file_type::regular)
        listing.files.push_back(std::move(path));
    else if (type == file_type::directory)
        listing.directories.push_back(std::move(path));
}

} // namespace

file_type type_of(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::symlink_status(path, ignored).type();
}

[[gnu::noinline]] Listing list_directory(const std::string& path) {
    Listing listing;
    const Directory directory = open_directory(path);
    if (!directory) {
        listing.error = last_error();
        return listing;
    }
    const std::string prefix = path.ends_with('/') ? path : path + '/';
    errno = 0; // readdir() tells the end from an error by nothing else
    while (const dirent* entry = ::readdir(directory.get())) {
        add(listing, *entry, prefix);
        errno = 0;
    }
    if (errno != 0) listing.error = last_error();
    return listing;
}

} // namespace sha256tree
