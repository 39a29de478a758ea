#include "base/random.h"

#include <sys/random.h>

#include "base/assert.h"

namespace levada {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  LV_ASSERT(getrandom(&seed, sizeof seed, 0) == sizeof seed);
  return seed;
}

}  // namespace levada
