#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace libagent {

/// What could be saved of a journal.
struct saved_journal {
  std::int64_t tasks = 0;
  std::vector<std::string> said;  ///< What became of it, for people.
};

/// Makes a new journal at `to` from what can be read of the damaged one at `from`, which stays as
/// it is; `to` is there when it is complete, and only then.
///
/// Tables are read from both ends, and between damaged pages. Rows are copied as they are: whether
/// they are what was written, their sums say later. A task of which only the id is left, in an
/// index, ended `dead` at `now`.
[[nodiscard]] expected<saved_journal> salvage_journal(const std::filesystem::path& from,
                                                      const std::filesystem::path& to,
                                                      unix_millis now);

}  // namespace libagent
