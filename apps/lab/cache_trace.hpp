#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/cache/access_patterns.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace libagent::lab {

/// The trace files of a folder, by name: those called NAME.agtrace.gz. Errors: `not_found` when
/// there is no such folder, or no trace in it.
[[nodiscard]] expected<std::vector<std::filesystem::path>> find_traces(
    const std::filesystem::path& folder);

/// NAME of NAME.agtrace.gz.
[[nodiscard]] std::string trace_name(const std::filesystem::path& file);

/// Reads a gzip file that holds, all little-endian: the letters AGTRACE1, the number of requests
/// and of objects (64 bits each), size and cost of each object (32 bits each), and the object of
/// each request (32 bits).
///
/// At most 2^28 objects and 2^30 requests. Errors: `io_failed`, `corrupt`, `too_large`; they name
/// file and offset, and say what would be right. Blocking.
[[nodiscard]] expected<access_trace> read_trace(const std::filesystem::path& file);

}  // namespace libagent::lab
