#include "apps/lab/faults/shim/undo_log.hpp"

#include "apps/lab/faults/shim/shim_plan.hpp"
#include "apps/lab/faults/shim/undo_record.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace libagent::lab::shim {

namespace {

constexpr std::size_t piece_bytes_max = std::size_t{256} << 10U;

/// A log smaller than this is not worth forgetting.
constexpr std::uint64_t forget_bytes_min = std::uint64_t{1} << 20U;

/// A file, and how many notes were made of it since its last sync.
struct watched_file {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t unsynced = 0;
};

// All below belongs to the holder of the lock.
pthread_mutex_t the_lock = PTHREAD_MUTEX_INITIALIZER;
constinit std::array<char, piece_bytes_max> old_bytes_buffer{};
constinit std::array<watched_file, 64> files;
constinit std::size_t file_count = 0;
constinit bool are_files_complete = true;
constinit int log_file = -1;
constinit std::uint64_t bytes_logged_here = 0;

void open_log() {
  if (log_file >= 0)
    return;
  log_file = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, plan().undo_log,
                                        O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log_file < 0)
    give_up("fault shim: cannot open the undo log\n");
}

/// Null when there are too many files to keep count of.
watched_file* counted(std::uint64_t device, std::uint64_t inode) {
  const auto end = files.begin() + file_count;
  auto* const found = std::find_if(files.begin(), end, [&](const watched_file& file) {
    return file.device == device && file.inode == inode;
  });
  if (found != end)
    return found;
  if (file_count == files.size()) {
    are_files_complete = false;
    return nullptr;
  }
  files[file_count] = {.device = device, .inode = inode};
  return &files[file_count++];
}

undo_record record_about(const struct stat& about, undo_record::kind what) {
  undo_record record;
  record.what = what;
  record.device = about.st_dev;
  record.inode = about.st_ino;
  record.size_before = static_cast<std::uint64_t>(about.st_size);
  return record;
}

void append(undo_record& record, const char* new_bytes) {
  open_log();
  const std::array<iovec, 3> parts{
      {{.iov_base = &record, .iov_len = sizeof record},
       {.iov_base = old_bytes_buffer.data(), .iov_len = record.old_bytes},
       {.iov_base = const_cast<char*>(new_bytes),  // only read
        .iov_len = record.new_bytes}}};
  const auto wanted = sizeof record + record.old_bytes + record.new_bytes;
  const auto written = ::syscall(SYS_writev, log_file, parts.data(), parts.size());
  if (written < 0 || static_cast<std::uint64_t>(written) != wanted)
    give_up("fault shim: cannot write the undo log\n");
  bytes_logged_here += wanted;
  if (auto* const file = counted(record.device, record.inode))
    ++file->unsynced;
}

/// Fills the buffer with what the file holds there; returns how much that is.
std::uint64_t read_old_bytes(int descriptor, std::uint64_t offset, std::uint64_t bytes) {
  if (bytes == 0)
    return 0;
  // The descriptor may be for writing only; its file can be opened anew all the same.
  auto count = ::pread(descriptor, old_bytes_buffer.data(), bytes, static_cast<off_t>(offset));
  if (count < 0) {
    std::array<char, 32> link{};
    ::snprintf(link.data(), link.size(), "/proc/self/fd/%d", descriptor);
    const auto again =
        static_cast<int>(::syscall(SYS_openat, AT_FDCWD, link.data(), O_RDONLY | O_CLOEXEC));
    count = ::pread(again, old_bytes_buffer.data(), bytes, static_cast<off_t>(offset));
    (void)::syscall(SYS_close, again);
  }
  if (count < 0)
    give_up("fault shim: cannot read what is to be overwritten\n");
  return static_cast<std::uint64_t>(count);
}

/// Notes one piece of a write and returns the size that the file will have.
std::uint64_t note_piece(int descriptor, const struct stat& about, std::uint64_t size,
                         std::uint64_t offset, const iovec& piece) {
  auto record = record_about(about, undo_record::kind::write);
  record.size_before = size;
  record.offset = offset;
  record.new_bytes = piece.iov_len;
  const auto end = offset + piece.iov_len;
  const auto on_disk = static_cast<std::uint64_t>(about.st_size);
  // Pieces of one call do not overlap, so the file still has what each of them overwrites.
  record.old_bytes =
      read_old_bytes(descriptor, offset, std::min(end, std::max(on_disk, offset)) - offset);
  append(record, static_cast<const char*>(piece.iov_base));
  return std::max(size, end);
}

bool is_anything_unsynced() {
  return std::any_of(files.begin(), files.begin() + file_count,
                     [](const watched_file& file) { return file.unsynced > 0; });
}

bool is_log_ours_alone() {
  struct stat log{};
  return ::fstat(log_file, &log) == 0 &&
         static_cast<std::uint64_t>(log.st_size) == bytes_logged_here;
}

}  // namespace

undo_log_lock::undo_log_lock() {
  ::pthread_mutex_lock(&the_lock);
}

undo_log_lock::~undo_log_lock() {
  ::pthread_mutex_unlock(&the_lock);
}

bool is_undo_wanted() {
  return plan().undo_log != nullptr;
}

void note_write(int descriptor, const struct stat& about, off_t offset, const iovec* pieces,
                int count) {
  const int before = errno;
  auto size = static_cast<std::uint64_t>(about.st_size);
  auto at = static_cast<std::uint64_t>(offset);
  for (int i = 0; i < count; ++i) {
    auto rest = pieces[i];
    while (rest.iov_len > 0) {
      const iovec piece{.iov_base = rest.iov_base,
                        .iov_len = std::min(rest.iov_len, piece_bytes_max)};
      size = note_piece(descriptor, about, size, at, piece);
      at += piece.iov_len;
      rest.iov_base = static_cast<char*>(rest.iov_base) + piece.iov_len;
      rest.iov_len -= piece.iov_len;
    }
  }
  errno = before;
}

void note_resize(int descriptor, const struct stat& about, off_t new_size) {
  const int before = errno;
  const auto target = static_cast<std::uint64_t>(new_size);
  auto size = static_cast<std::uint64_t>(about.st_size);
  do {
    auto record = record_about(about, undo_record::kind::resize);
    record.size_before = size;
    const auto cut = size > target ? std::min<std::uint64_t>(size - target, piece_bytes_max) : 0;
    record.offset = cut > 0 ? size - cut : target;
    record.old_bytes = read_old_bytes(descriptor, record.offset, cut);
    append(record, nullptr);
    size = record.offset;
  } while (size > target);
  errno = before;
}

void note_removal(const struct stat& about) {
  const int before = errno;
  auto record = record_about(about, undo_record::kind::remove);
  append(record, nullptr);
  if (auto* const file = counted(about.st_dev, about.st_ino))
    file->unsynced = 0;
  errno = before;
}

void note_sync(const struct stat& about) {
  const int before = errno;
  auto record = record_about(about, undo_record::kind::sync);
  append(record, nullptr);
  if (auto* const file = counted(about.st_dev, about.st_ino))
    file->unsynced = 0;
  if (bytes_logged_here >= forget_bytes_min && are_files_complete && !is_anything_unsynced() &&
      is_log_ours_alone()) {
    (void)::syscall(SYS_ftruncate, log_file, 0);
    bytes_logged_here = 0;
  }
  errno = before;
}

}  // namespace libagent::lab::shim
