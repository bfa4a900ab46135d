#include "libagent/adapters/emergency_memory.hpp"

#include "libagent/base/contract.hpp"

#include <atomic>
#include <cerrno>
#include <new>
#include <string>
#include <sys/mman.h>
#include <system_error>

namespace libagent {

namespace {

// A new-handler is a plain function without an argument, called from any allocation of the
// process, so what it uses has to be global. It holds no lock and is never destroyed.
struct emergency_block {
  std::atomic<void*> begin{nullptr};
  std::atomic<std::size_t> bytes{0};  // set before the first block; the same for all
  std::atomic<std::uint64_t> failures{0};
  std::atomic<bool> is_taken{false};
};

constinit emergency_block the_block;

/// Null when there is no such memory.
void* map_block(std::size_t bytes) {
  void* const begin =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return begin == MAP_FAILED ? nullptr : begin;
}

bool unmap_block() {
  auto* const begin = the_block.begin.exchange(nullptr);
  return begin != nullptr && ::munmap(begin, the_block.bytes.load()) == 0;
}

// Returning lets the allocation be tried again; throwing ends it.
void give_block_back() {
  the_block.failures.fetch_add(1);
  if (!unmap_block())
    throw std::bad_alloc{};
}

}  // namespace

expected<std::unique_ptr<emergency_memory>> emergency_memory::make(std::size_t bytes) {
  LIBAGENT_EXPECTS(bytes > 0);
  if (the_block.is_taken.exchange(true)) {
    return error{errc::already_exists, "keep memory for emergencies: this process does so already"};
  }
  // The constructor is private, so make_unique cannot reach it.
  std::unique_ptr<emergency_memory> made{new emergency_memory{bytes}};
  if (!made->refill()) {
    return error{errc::io_failed, "keep " + std::to_string(bytes) + " bytes for emergencies: " +
                                      std::generic_category().message(errno)};
  }
  return made;
}

emergency_memory::emergency_memory(std::size_t bytes)
    : bytes_{bytes}, former_{std::set_new_handler(give_block_back)} {
  the_block.bytes.store(bytes);
  the_block.failures.store(0);
}

emergency_memory::~emergency_memory() {
  std::set_new_handler(former_);
  unmap_block();
  the_block.is_taken.store(false);
}

bool emergency_memory::release() {
  return unmap_block();
}

bool emergency_memory::refill() const {
  if (is_armed())
    return true;
  void* const fresh = map_block(bytes_);
  if (fresh == nullptr)
    return false;
  void* none = nullptr;
  if (!the_block.begin.compare_exchange_strong(none, fresh))
    ::munmap(fresh, bytes_);  // another thread was faster
  return true;
}

// NOLINTNEXTLINE(readability-make-member-function-const): it takes memory
bool emergency_memory::make_resident() {
  // The kernel touches the pages, so a block that is given back meanwhile is an error and no crash.
  return refill() && ::madvise(the_block.begin.load(), bytes_, MADV_POPULATE_WRITE) == 0;
}

bool emergency_memory::is_armed() const {
  return the_block.begin.load() != nullptr;
}

std::uint64_t emergency_memory::take_allocation_failures() {
  return the_block.failures.exchange(0);
}

}  // namespace libagent
