// Open, read, close and the digest between them. Many files are small, so each system call counts: one read
// takes all of a small file, a second one sees its end, and the kernel is asked for nothing else. As in
// directory.cpp, nothing here waits for a goroutine or is inlined into what does, for the sake of errno.
#include "sha256.hpp"

#include <cerrno>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace sha256tree {

namespace {

// Larger than nearly every file, and small enough to stay in the cache between the read and the digest.
constexpr std::size_t buffer_size = 128 * 1024;

class File {
public:
    // A name that has become a symbolic link since it was listed is an error, not a way out of the tree.
    explicit File(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) {}
    ~File() {
        if (file_ >= 0) ::close(file_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    int get() const { return file_; }

private:
    int file_;
};

std::error_code last_error() { return {errno, std::generic_category()}; }

void require(bool succeeded) {
    if (!succeeded) throw std::runtime_error("libcrypto cannot compute SHA-256");
}

struct FreeAlgorithm {
    void operator()(EVP_MD* fetched) const { EVP_MD_free(fetched); }
};

// Looked up once for the whole program, since that takes longer than the digest of a small file; and before
// main(), since libcrypto keeps something for the thread that asks, and a goroutine has no thread of its own.
const std::unique_ptr<EVP_MD, FreeAlgorithm> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));

ssize_t read_some(int file, std::vector<unsigned char>& buffer) {
    ssize_t size;
    do size = ::read(file, buffer.data(), buffer.size());
    while (size < 0 && errno == EINTR);
    return size;
}

} // namespace

Sha256::Sha256(Tally& tally) : context_(EVP_MD_CTX_new()), buffer_(buffer_size), tally_(tally) {
    require(context_ && algorithm);
}

[[gnu::noinline]] void Sha256::digest(const gofer::Context& ctx, Sum& sum) {
    if (ctx.cancelled()) {
        sum.error = std::make_error_code(std::errc::operation_canceled);
        return;
    }
    const File file(sum.path);
    sum.error = file.get() < 0 ? last_error() : update_from(ctx, file.get());
    if (!sum.error) require(EVP_DigestFinal_ex(context_.get(), sum.digest.data(), nullptr));
}

std::error_code Sha256::update_from(const gofer::Context& ctx, int file) {
    require(EVP_DigestInit_ex2(context_.get(), algorithm.get(), nullptr));
    bool large = false;
    while (const ssize_t size = read_some(file, buffer_)) {
        if (size < 0) return last_error();
        if (ctx.cancelled()) return std::make_error_code(std::errc::operation_canceled);
        const auto length = static_cast<std::size_t>(size);
        if (length == buffer_size && !std::exchange(large, true))
            ::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
        require(EVP_DigestUpdate(context_.get(), buffer_.data(), length));
        tally_.bytes.fetch_add(length, std::memory_order_relaxed);
    }
    return {};
}

} // namespace sha256tree
