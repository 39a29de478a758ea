#include "connectors/csv/content_hash.h"

#include <xxhash.h>

#include <algorithm>

namespace levada {

namespace {

Digest digest_of(const XXH128_hash_t& hash) { return {hash.low64, hash.high64}; }

XXH3_state_t* state_of(const std::unique_ptr<void, void (*)(void*)>& state) {
  return static_cast<XXH3_state_t*>(state.get());
}

}  // namespace

void ContentHash::free_state(void* state) { XXH3_freeState(static_cast<XXH3_state_t*>(state)); }

ContentHash::ContentHash() : ContentHash(0, {}) {}

ContentHash::ContentHash(std::uint64_t at, const Digest& link)
    : bytes_(at / block * block), link_(link), state_(XXH3_createState(), free_state) {
  XXH3_128bits_reset(state_of(state_));
}

ContentHash::ContentHash(const ContentHash& other)
    : bytes_(other.bytes_), link_(other.link_), state_(XXH3_createState(), free_state) {
  XXH3_copyState(state_of(state_), state_of(other.state_));
}
ContentHash& ContentHash::operator=(const ContentHash& other) { return *this = ContentHash(other); }

void ContentHash::update(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t n = std::min<std::size_t>(bytes.size(), block - bytes_ % block);
    XXH3_128bits_update(state_of(state_), bytes.data(), n);
    bytes_ += n;
    bytes.remove_prefix(n);
    if (bytes_ % block == 0) close_block();
  }
}

void ContentHash::close_block() {
  Digest both[2] = {link_, digest_of(XXH3_128bits_digest(state_of(state_)))};
  link_ = digest_of(XXH3_128bits(both, sizeof both));
  XXH3_128bits_reset(state_of(state_));
}

Digest ContentHash::digest() const {
  Digest parts[3] = {link_, digest_of(XXH3_128bits_digest(state_of(state_))), {bytes_, 0}};
  return digest_of(XXH3_128bits(parts, sizeof parts));
}

}  // namespace levada
