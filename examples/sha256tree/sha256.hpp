// SHA-256 of whole files, by OpenSSL's libcrypto.
#pragma once

#include <memory>
#include <vector>

#include <openssl/evp.h>

#include <gofer/gofer.hpp>

#include "sum.hpp"

namespace sha256tree {

/// Digests one file after the other, with one context and one buffer for them all. Not to be shared.
class Sha256 {
public:
    explicit Sha256(Tally& tally);

    /// Reads the file at sum.path and fills in its digest, or the error: operation_canceled when the context ends
    /// before that.
    void digest(const gofer::Context& ctx, Sum& sum);

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };

    std::error_code update_from(const gofer::Context& ctx, int file);

    std::unique_ptr<EVP_MD_CTX, Free> context_;
    std::vector<unsigned char> buffer_;
    Tally& tally_;
};

} // namespace sha256tree
