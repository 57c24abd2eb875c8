// One directory, read in one go.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace sha256tree {

struct Listing {
    std::vector<std::string>
        files; // paths of regular files; symbolic links and other special files are left out
    std::vector<std::string> directories;
    std::error_code error{}; // set: some or all names could not be read
};

/// What lies at the path itself: a symbolic link is not followed.
std::filesystem::file_type type_of(const std::string& path);

/// The entries of the directory at `path`, which stands before their names as find writes it.
Listing list_directory(const std::string& path);

} // namespace sha256tree
