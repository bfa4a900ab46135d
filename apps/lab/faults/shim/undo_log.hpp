#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace libagent::lab::shim {

/// Holds the log for itself, so that notes and the changes they speak of have the same order.
/// Watched files are changed and synced by one thread at a time.
class undo_log_lock {
public:
  undo_log_lock();
  undo_log_lock(const undo_log_lock&) = delete;
  undo_log_lock& operator=(const undo_log_lock&) = delete;
  ~undo_log_lock();
};

/// Whether the plan asks for a log.
bool is_undo_wanted();

/// The functions below are called with the lock held, before the change; `about` is the file as it
/// is. They end the process when the log cannot be written.
/// @{

/// `count` pieces of memory are about to be written from `offset` on.
void note_write(int descriptor, const struct stat& about, off_t offset, const iovec* pieces,
                int count);
/// The file is about to get another size.
void note_resize(int descriptor, const struct stat& about, off_t new_size);
/// The last name of the file is about to go.
void note_removal(const struct stat& about);
/// The file was synced. Forgets the whole log once nothing in it is needed.
void note_sync(const struct stat& about);
/// @}

}  // namespace libagent::lab::shim
