// The calls that change, sync and remove files. They take the place of libc's for the program and
// all its libraries, but not for libc itself: what goes through <stdio.h> is not seen, nor are
// changes through a mapping, holes that are punched, and names that come and go (directories are
// not undone).
#include "apps/lab/faults/shim/shim_plan.hpp"
#include "apps/lab/faults/shim/undo_log.hpp"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace libagent::lab::shim {

namespace {

/// For an offset: where the descriptor stands.
constexpr off_t at_its_place = -1;

off_t place_of(int descriptor, const struct stat& about) {
  const auto flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0 && (static_cast<unsigned>(flags) & unsigned{O_APPEND}) != 0)
    return about.st_size;
  return ::lseek(descriptor, 0, SEEK_CUR);
}

int fail_with(int code) {
  errno = code;
  return -1;
}

template <class Call>
ssize_t write_pieces(int descriptor, off_t offset, const iovec* pieces, int count, Call real_call) {
  struct stat about{};
  if (!is_watched(descriptor, about))
    return real_call();
  if (is_raised(plan().space_flag))
    return fail_with(ENOSPC);
  if (!is_undo_wanted())
    return real_call();
  const undo_log_lock alone;
  (void)::fstat(descriptor, &about);  // its size may have changed meanwhile
  const auto from = offset == at_its_place ? place_of(descriptor, about) : offset;
  note_write(descriptor, about, from, pieces, count);
  return real_call();
}

ssize_t write_block(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  const iovec piece{.iov_base = const_cast<void*>(bytes), .iov_len = size};  // only read
  return write_pieces(descriptor, offset, &piece, 1, [=] {
    return offset == at_its_place ? ::syscall(SYS_write, descriptor, bytes, size)
                                  : ::syscall(SYS_pwrite64, descriptor, bytes, size, offset);
  });
}

ssize_t write_vector(int descriptor, const iovec* pieces, int count, off_t offset) {
  return write_pieces(descriptor, offset, pieces, count, [=] {
    return offset == at_its_place ? ::syscall(SYS_writev, descriptor, pieces, count)
                                  : ::syscall(SYS_pwritev, descriptor, pieces, count, offset, 0);
  });
}

int resize_file(int descriptor, off_t size) {
  const auto real_call = [=] {
    return static_cast<int>(::syscall(SYS_ftruncate, descriptor, size));
  };
  struct stat about{};
  if (!is_watched(descriptor, about) || !is_undo_wanted())
    return real_call();
  const undo_log_lock alone;
  (void)::fstat(descriptor, &about);
  note_resize(descriptor, about, size);
  return real_call();
}

int reserve_space(int descriptor, int mode, off_t offset, off_t size) {
  const auto real_call = [=] {
    return static_cast<int>(::syscall(SYS_fallocate, descriptor, mode, offset, size));
  };
  struct stat about{};
  if (!is_watched(descriptor, about))
    return real_call();
  if (is_raised(plan().space_flag))
    return fail_with(ENOSPC);
  if (!is_undo_wanted())
    return real_call();
  const undo_log_lock alone;
  (void)::fstat(descriptor, &about);
  if (mode == 0 && offset + size > about.st_size)
    note_resize(descriptor, about, offset + size);
  return real_call();
}

bool is_sync_to_fail() {
  static constinit std::atomic<unsigned long> syncs{0};
  const auto number = syncs.fetch_add(1) + 1;
  const auto first = plan().fail_sync_after;
  return (first > 0 && number >= first) || is_raised(plan().sync_flag);
}

int sync_file(int descriptor, long call) {
  const auto real_call = [=] {
    return plan().skips_sync ? 0 : static_cast<int>(::syscall(call, descriptor));
  };
  struct stat about{};
  if (!is_watched(descriptor, about))
    return static_cast<int>(::syscall(call, descriptor));
  if (is_sync_to_fail())
    return fail_with(EIO);
  if (!is_undo_wanted())
    return real_call();
  const undo_log_lock alone;
  const int result = real_call();
  if (result == 0)
    note_sync(about);
  return result;
}

/// Does what takes the last name from the file at `path`.
template <class Call>
int end_name(int directory, const char* path, Call real_call) {
  struct stat about{};
  const int before = errno;
  const bool is_last = is_undo_wanted() && is_watched_path(path) &&
                       ::fstatat(directory, path, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISREG(about.st_mode) && about.st_nlink == 1;
  errno = before;
  if (!is_last)
    return real_call();
  const undo_log_lock alone;
  const int result = real_call();
  if (result == 0)
    note_removal(about);
  return result;
}

int open_file(int directory, const char* path, int flags, mode_t mode) {
  const auto real_call = [=] {
    return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode));
  };
  if ((static_cast<unsigned>(flags) & unsigned{O_TRUNC}) == 0 || !is_undo_wanted() ||
      !is_watched_path(path))
    return real_call();
  const int before = errno;
  const undo_log_lock alone;
  const auto present =
      static_cast<int>(::syscall(SYS_openat, directory, path, O_RDONLY | O_CLOEXEC, 0));
  struct stat about{};
  if (present >= 0 && ::fstat(present, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0)
    note_resize(present, about, 0);
  if (present >= 0)
    (void)::syscall(SYS_close, present);
  errno = before;
  return real_call();
}

bool has_mode(int flags) {
  const auto bits = static_cast<unsigned>(flags);
  return (bits & unsigned{O_CREAT}) != 0 || (bits & unsigned{O_TMPFILE}) == unsigned{O_TMPFILE};
}

}  // namespace

}  // namespace libagent::lab::shim

namespace shim = libagent::lab::shim;

// Parameters are named as everywhere in this project, not as in libc's headers.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
  return shim::write_block(descriptor, bytes, size, shim::at_its_place);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  return shim::write_block(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
  return shim::write_block(descriptor, bytes, size, offset);
}

ssize_t writev(int descriptor, const iovec* pieces, int count) {
  return shim::write_vector(descriptor, pieces, count, shim::at_its_place);
}

ssize_t pwritev(int descriptor, const iovec* pieces, int count, off_t offset) {
  return shim::write_vector(descriptor, pieces, count, offset);
}

ssize_t pwritev64(int descriptor, const iovec* pieces, int count, off64_t offset) {
  return shim::write_vector(descriptor, pieces, count, offset);
}

int ftruncate(int descriptor, off_t size) noexcept {
  return shim::resize_file(descriptor, size);
}

int ftruncate64(int descriptor, off64_t size) noexcept {
  return shim::resize_file(descriptor, size);
}

int fallocate(int descriptor, int mode, off_t offset, off_t size) {
  return shim::reserve_space(descriptor, mode, offset, size);
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t size) {
  return shim::reserve_space(descriptor, mode, offset, size);
}

int posix_fallocate(int descriptor, off_t offset, off_t size) {
  const int before = errno;
  const int code = shim::reserve_space(descriptor, 0, offset, size) == 0 ? 0 : errno;
  errno = before;
  return code;
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t size) {
  return posix_fallocate(descriptor, offset, size);
}

int fsync(int descriptor) {
  return shim::sync_file(descriptor, SYS_fsync);
}

int fdatasync(int descriptor) {
  return shim::sync_file(descriptor, SYS_fdatasync);
}

int unlink(const char* path) noexcept {
  return shim::end_name(AT_FDCWD, path,
                        [=] { return static_cast<int>(::syscall(SYS_unlink, path)); });
}

int unlinkat(int directory, const char* path, int flags) noexcept {
  return shim::end_name(directory, path, [=] {
    return static_cast<int>(::syscall(SYS_unlinkat, directory, path, flags));
  });
}

int remove(const char* path) noexcept {
  const int failed = unlink(path);
  return failed != 0 && errno == EISDIR ? ::rmdir(path) : failed;
}

int rename(const char* from, const char* to) noexcept {
  return shim::end_name(AT_FDCWD, to,
                        [=] { return static_cast<int>(::syscall(SYS_rename, from, to)); });
}

int openat(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = shim::has_mode(flags) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return shim::open_file(directory, path, flags, mode);
}

int openat64(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = shim::has_mode(flags) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return shim::open_file(directory, path, flags, mode);
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = shim::has_mode(flags) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return shim::open_file(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = shim::has_mode(flags) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return shim::open_file(AT_FDCWD, path, flags, mode);
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
