#include "apps/lab/faults/journal_faults.hpp"

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/random.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/mount.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

namespace {

std::filesystem::path log_of(const std::filesystem::path& journal) {
  return journal.string() + "-wal";
}

std::uint64_t bytes_of(const std::filesystem::path& file) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  return failed ? 0 : size;
}

}  // namespace

bool add_torn_tail(const std::filesystem::path& journal, std::uint64_t seed) {
  constexpr std::uint64_t header_bytes = 32;  // Of SQLite's log; a record follows.
  const auto log = log_of(journal);
  const auto size = bytes_of(log);
  const owned_descriptor file{::open(log.c_str(), O_RDWR | O_CLOEXEC)};
  if (!file.is_open() || size <= header_bytes + 64)
    return false;
  seeded_random random{seed};
  std::array<char, 3'000> piece{};
  const auto length = std::min<std::uint64_t>(1 + random() % piece.size(), size - header_bytes);
  const auto got = ::pread(file.get(), piece.data(), length, static_cast<off_t>(header_bytes));
  return got > 0 && ::pwrite(file.get(), piece.data(), static_cast<std::size_t>(got),
                             static_cast<off_t>(size)) == got;
}

std::string change_bytes(const std::filesystem::path& journal, std::uint64_t seed) {
  seeded_random random{seed};
  auto file = journal;
  if (bytes_of(log_of(journal)) > 0 && random() % 2 == 0)
    file = log_of(journal);
  const auto size = bytes_of(file);
  const owned_descriptor opened{::open(file.c_str(), O_RDWR | O_CLOEXEC)};
  if (!opened.is_open() || size == 0)
    return "nothing";
  const auto at = random() % size;
  const auto count = random() % 3 == 0 ? std::min<std::uint64_t>(512, size - at) : 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto where = static_cast<off_t>(at + i);
    std::uint8_t byte = 0;
    (void)!::pread(opened.get(), &byte, 1, where);
    byte = static_cast<std::uint8_t>(byte ^ (1 + random() % 255));
    (void)!::pwrite(opened.get(), &byte, 1, where);
  }
  return file.filename().string() + ", " + std::to_string(count) + " bytes from " +
         std::to_string(at) + " of " + std::to_string(size);
}

small_disk::small_disk(std::filesystem::path folder) : folder_{std::move(folder)} {
  mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=12m") == 0;
}

small_disk::~small_disk() {
  if (mounted_)
    (void)::umount2(folder_.c_str(), MNT_DETACH);
}

void small_disk::fill() const {
  const owned_descriptor file{
      ::open((folder_ / "filler").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  const std::array<char, 4'096> page{};
  while (file.is_open() && ::write(file.get(), page.data(), page.size()) > 0) {
  }
}

void small_disk::make_room() const {
  std::error_code ignored;
  std::filesystem::remove(folder_ / "filler", ignored);
}

}  // namespace libagent::lab
