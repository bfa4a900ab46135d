#include "libagent/adapters/file_lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

std::string holder_of_lock(int descriptor) {
  std::array<char, 16> digits{};
  const auto size = ::pread(descriptor, digits.data(), digits.size(), 0);
  return size > 0 ? "process " + std::string(digits.data(), static_cast<std::size_t>(size))
                  : "another process";
}

/// flock, not fcntl: it also keeps two threads of one process apart. Leaves the cause in errno.
bool lock_within(int descriptor, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds pause{10};
  for (auto left = patience;; left -= pause) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      return true;
    if (errno != EWOULDBLOCK || left <= std::chrono::milliseconds{0})
      return false;
    (void)::poll(nullptr, 0, static_cast<int>(pause.count()));
  }
}

}  // namespace

expected<file_lock> file_lock::take(const std::filesystem::path& file,
                                    std::chrono::milliseconds patience) {
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  const auto failure = [&file](const std::string& reason) {
    return error{errc::io_failed, "lock " + file.string() + ": " + reason};
  };
  if (failed)
    return failure(failed.message());
  const auto reason = [] { return std::error_code{errno, std::generic_category()}.message(); };
  file_lock lock{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (lock.descriptor_ < 0)
    return failure(reason());
  if (!lock_within(lock.descriptor_, patience)) {
    if (errno != EWOULDBLOCK)
      return failure(reason());
    return error{errc::unavailable,
                 "lock " + file.string() + ": held by " + holder_of_lock(lock.descriptor_)};
  }
  const auto self = std::to_string(::getpid());
  if (::ftruncate(lock.descriptor_, 0) != 0 ||
      ::pwrite(lock.descriptor_, self.data(), self.size(), 0) < 0)
    return failure(reason());
  return lock;
}

file_lock::file_lock(file_lock&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)} {}

file_lock& file_lock::operator=(file_lock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

file_lock::~file_lock() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

}  // namespace libagent
