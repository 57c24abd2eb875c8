// Names of functions and of the files they lie in, for the reports.
#include <dlfcn.h>
#include <filesystem>
#include <string>
#include <unistd.h>

#include <gofer/debug/symbols.hpp>
#include <gofer/gofer.hpp>

#include "support/catch.hpp"

namespace {

/// A copy of the library that cos() lies in, under another name; loaded while it lives.
class LoadedCopy {
public:
    explicit LoadedCopy(const char* name)
        : path_{std::filesystem::temp_directory_path() / ("gofer_" + std::to_string(::getpid()) + name)} {
        Dl_info library{};
        void* cosine = ::dlsym(RTLD_DEFAULT, "cos");
        REQUIRE(cosine != nullptr);
        REQUIRE(::dladdr(cosine, &library) != 0);
        std::filesystem::copy_file(library.dli_fname, path_, std::filesystem::copy_options::overwrite_existing);
        handle_ = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
        REQUIRE(handle_ != nullptr);
    }
    ~LoadedCopy() {
        if (handle_ != nullptr) ::dlclose(handle_);
        std::filesystem::remove(path_);
    }
    LoadedCopy(const LoadedCopy&) = delete;
    LoadedCopy& operator=(const LoadedCopy&) = delete;

    const void* function() const { return ::dlsym(handle_, "cos"); }
    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
    void* handle_{nullptr};
};

std::string file_of(const void* function) {
    const gofer::debug::Symbol symbol = gofer::debug::Symbols::instance().find(function);
    return symbol.module == nullptr ? "" : symbol.module;
}

} // namespace

TEST_CASE("a file that is loaded where another one was is not taken for it") {
    for (const char* name : {"_a.so", "_another.so", "_c.so"}) {
        const LoadedCopy copy{name};
        CHECK(file_of(copy.function()) == copy.path());
    }
}

TEST_CASE("the name of a file is there when the file is not loaded any more") {
    gofer::debug::Symbol symbol;
    std::string path;
    {
        const LoadedCopy copy{"_gone.so"};
        symbol = gofer::debug::Symbols::instance().find(copy.function());
        path = copy.path();
    }
    CHECK(symbol.module == path);
}
