#include "libagent/cache/reference_history.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

void reference_history::push(std::uint64_t key_hash, std::span<const std::uint32_t> stamps) {
  LIBAGENT_EXPECTS(stamps.size() == stamps_ && stamps_ > 0);
  ghosts_.push(key_hash, is_inline() ? stamps.front() : store(stamps));
}

bool reference_history::take(std::uint64_t key_hash, std::span<std::uint32_t> stamps) {
  const auto found = ghosts_.take(key_hash);
  if (!found)
    return false;
  if (is_inline()) {
    stamps.front() = *found;
    return true;
  }
  std::ranges::copy(std::span{blocks_}.subspan(*found * stamps_, stamps_), stamps.begin());
  free_blocks_.push_back(*found);
  return true;
}

void reference_history::bound_to(std::size_t entries) {
  while (ghosts_.size() > entries) {
    const auto gone = ghosts_.pop_oldest();
    if (gone && !is_inline())
      free_blocks_.push_back(*gone);
  }
  if (ghosts_.size() == 0) {
    blocks_ = {};
    free_blocks_ = {};
  }
}

void reference_history::rebase(std::uint32_t shift) {
  const auto shrink = [shift](std::uint32_t& stamp) {
    stamp = stamp > shift ? stamp - shift : std::min(stamp, 1U);
  };
  std::ranges::for_each(blocks_, shrink);
  if (is_inline())
    ghosts_.for_each(shrink);
}

std::size_t reference_history::memory_bytes() const {
  return ghosts_.memory_bytes() +
         (blocks_.capacity() + free_blocks_.capacity()) * sizeof(std::uint32_t);
}

std::uint32_t reference_history::store(std::span<const std::uint32_t> stamps) {
  if (free_blocks_.empty()) {
    const auto block = blocks_.size() / stamps_;
    if (blocks_.size() + stamps_ > blocks_.capacity())
      blocks_.reserve(blocks_.size() + blocks_.size() / 8 + 16 * stamps_);
    blocks_.insert(blocks_.end(), stamps.begin(), stamps.end());
    return static_cast<std::uint32_t>(block);
  }
  const auto block = free_blocks_.back();
  free_blocks_.pop_back();
  std::ranges::copy(stamps, blocks_.begin() + static_cast<std::ptrdiff_t>(block * stamps_));
  return block;
}

}  // namespace libagent
