#pragma once

#include <cstdint>

namespace libagent::lab {

/// What the shim notes before each change of a watched file, and after each sync of one.
///
/// The undo log is a sequence of these, each followed by `old_bytes` bytes that the change
/// overwrites or cuts off, and `new_bytes` that it writes. It is written by the program under test
/// and read by the harness on the same machine, so it is in the byte order of that. The last record
/// may be cut off when the program was killed; the change it was to precede then never happened.
struct undo_record {
  // NOLINTNEXTLINE(performance-enum-size): leaves no gap in the record
  enum class kind : std::uint32_t {
    write = 1,  ///< `new_bytes` at `offset`.
    resize,     ///< To `offset` bytes.
    sync,       ///< All earlier changes of the file are on disk.
    remove,     ///< The file is gone; another one may get its number.
  };

  static constexpr std::uint32_t right_mark = 0x756e646f;

  std::uint32_t mark = right_mark;
  kind what = kind::write;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  std::uint64_t size_before = 0;
  std::uint64_t old_bytes = 0;
  std::uint64_t new_bytes = 0;
};

}  // namespace libagent::lab
