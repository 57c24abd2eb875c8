// The command line, taken apart by CLI11.
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <system_error>
#include <thread>

#include "sum.hpp"

namespace sha256tree {

namespace {

// Each holds a file open, and a process is usually allowed a thousand of them.
constexpr unsigned most_digesters = 256;

// By hand, since CLI11 itself would read 010 as eight and 0x10 as sixteen.
unsigned parse_count(const std::string& text) {
    unsigned count = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || stop != end || count < 1 || count > most_digesters)
        throw CLI::ValidationError("-j '" + text + "'",
                                   "N must be a whole number from 1 to " + std::to_string(most_digesters));
    return count;
}

// A fraction or an exponent are as good as anything; what is no number, or not above zero, is not.
std::chrono::duration<double> parse_timeout(const std::string& text) {
    double seconds = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, seconds);
    if (error != std::errc{} || stop != end || !(seconds > 0))
        throw CLI::ValidationError("--timeout '" + text + "'", "SECONDS must be a number above 0");
    return std::chrono::duration<double>(seconds);
}

// Asks for the name itself, not for what a link points to, as find does: a trailing slash follows the link.
void check_root(const std::string& root) {
    std::error_code error;
    const auto status = std::filesystem::symlink_status(root, error);
    if (!std::filesystem::exists(status))
        throw CLI::ValidationError("'" + escaped(root) + "'", error.message());
}

[[noreturn]] void refuse(const CLI::Error& error) {
    std::fprintf(stderr, "sha256tree: %s\nusage: sha256tree [-j N] [--timeout SECONDS] DIR\n", error.what());
    std::exit(2);
}

[[noreturn]] void show_help(const CLI::App& app) {
    std::fputs(app.help().c_str(), stdout);
    std::exit(std::fflush(stdout) == 0 ? 0 : 1);
}

} // namespace

Options parse_options(int argc, char** argv) {
    constexpr std::chrono::duration<double> for_ever(std::numeric_limits<double>::infinity());
    Options options{std::max(1U, std::thread::hardware_concurrency()), {}, for_ever};
    std::string count, timeout;

    CLI::App app("Prints the SHA-256 digest of every regular file below DIR, sorted by path.", "sha256tree");
    app.add_option("-j", count, "Digest N files at a time (default: one for each processor)")->type_name("N");
    app.add_option("--timeout", timeout, "Give up after so long, and say what was not done")->type_name("SECONDS");
    app.add_option("DIR", options.root, "The directory to walk")->type_name("")->required();
    try {
        app.parse(argc, argv);
        if (app.count("-j") != 0) options.digesters = parse_count(count);
        if (app.count("--timeout") != 0) options.timeout = parse_timeout(timeout);
        check_root(options.root);
    } catch (const CLI::CallForHelp&) {
        show_help(app);
    } catch (const CLI::Error& error) {
        refuse(error);
    }
    return options;
}

} // namespace sha256tree
