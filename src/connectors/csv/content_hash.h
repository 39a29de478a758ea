// What a file holds up to some byte, as 16 bytes: the file's identity, whatever it is called and wherever it lies.
//
//   link(0) = 0
//   link(i + 1) = XXH3(link(i) ++ XXH3(block i))            blocks of 64 KiB
//   digest(n)   = XXH3(link(n / 64 Ki) ++ XXH3(the rest) ++ n)
//
// So the hash can go on where it stopped from the link and the bytes of the last block alone, and a file that has grown
// is seen to be the same by reading that block again. XXH3 is 128 bits wide and finds accidents, not attackers.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string_view>

namespace levada {

struct Digest {
  std::uint64_t low = 0, high = 0;
  auto operator<=>(const Digest&) const = default;
};

class ContentHash {
 public:
  static constexpr std::uint64_t block = 64 << 10;

  ContentHash();
  // At the start of the block that holds byte `at`, whose link is known.
  ContentHash(std::uint64_t at, const Digest& link);
  ContentHash(const ContentHash& other);
  ContentHash& operator=(const ContentHash& other);
  ContentHash(ContentHash&&) noexcept = default;
  ContentHash& operator=(ContentHash&&) noexcept = default;
  ~ContentHash() = default;

  void update(std::string_view bytes);

  std::uint64_t bytes() const { return bytes_; }
  Digest link() const { return link_; }  // of the blocks that are full
  Digest digest() const;

 private:
  static void free_state(void* state);
  void close_block();

  std::uint64_t bytes_ = 0;
  Digest link_;
  std::unique_ptr<void, void (*)(void*)> state_;  // XXH3's, of the block that is not full
};

}  // namespace levada
