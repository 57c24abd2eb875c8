// The text of a sum, to the letter as sha256sum of coreutils 9 writes it.
#include "sum.hpp"

namespace sha256tree {

namespace {

constexpr std::string_view special = "\\\n\r";

void append_hex(std::string& text, const Digest& digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const unsigned char byte : digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
}

void append_escaped(std::string& text, char c) {
    switch (c) {
    case '\\':
        text += "\\\\";
        break;
    case '\n':
        text += "\\n";
        break;
    case '\r':
        text += "\\r";
        break;
    default:
        text += c;
    }
}

} // namespace

bool needs_escape(std::string_view path) { return path.find_first_of(special) != path.npos; }

std::string escaped(std::string_view path) {
    if (!needs_escape(path)) return std::string(path);
    std::string text;
    for (const char c : path) append_escaped(text, c);
    return text;
}

std::string line_of(const Sum& sum) {
    std::string line;
    line.reserve(2 * sum.digest.size() + sum.path.size() + 8);
    if (needs_escape(sum.path)) line += '\\';
    append_hex(line, sum.digest);
    line += "  ";
    line += escaped(sum.path);
    line += '\n';
    return line;
}

} // namespace sha256tree
