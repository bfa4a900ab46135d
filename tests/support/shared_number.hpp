#pragma once

#include <cstdint>
#include <sys/mman.h>

namespace libagent::testing {

/// A number that a process shares with those it forks.
class shared_number {
public:
  shared_number()
      : at_{static_cast<volatile std::uint64_t*>(::mmap(nullptr, sizeof(std::uint64_t),
                                                        PROT_READ | PROT_WRITE,
                                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0))} {}

  shared_number(const shared_number&) = delete;
  shared_number& operator=(const shared_number&) = delete;

  ~shared_number() { ::munmap(const_cast<std::uint64_t*>(at_), sizeof(std::uint64_t)); }

  void set(std::uint64_t value) { *at_ = value; }

  [[nodiscard]] std::uint64_t get() const { return *at_; }

private:
  volatile std::uint64_t* at_;
};

}  // namespace libagent::testing
