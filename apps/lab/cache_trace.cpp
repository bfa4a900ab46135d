#include "apps/lab/cache_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <zlib.h>

namespace libagent::lab {

namespace {

constexpr std::string_view trace_suffix = ".agtrace.gz";
constexpr std::string_view trace_magic = "AGTRACE1";
constexpr std::uint64_t objects_max = std::uint64_t{1} << 28U;
constexpr std::uint64_t requests_max = std::uint64_t{1} << 30U;

/// Reads little-endian numbers from a gzip file, and knows where it is.
class trace_file {
public:
  explicit trace_file(const std::filesystem::path& file)
      : name_{file.string()}, stream_{gzopen(file.c_str(), "rb"), &gzclose} {
    if (stream_)
      gzbuffer(stream_.get(), 1U << 18U);
  }

  [[nodiscard]] bool is_open() const { return stream_ != nullptr; }

  [[nodiscard]] expected<void> bytes(void* into, std::size_t count, std::string_view what) {
    const auto got = gzread(stream_.get(), into, static_cast<unsigned>(count));
    if (std::cmp_not_equal(got, count)) {
      return failure(errc::corrupt,
                     fmt::format("the file ends within {}, {} bytes early", what,
                                 count - static_cast<std::size_t>(std::max(got, 0))));
    }
    offset_ += count;
    return {};
  }

  template <class Number>
  [[nodiscard]] expected<Number> number(std::string_view what) {
    std::array<unsigned char, sizeof(Number)> raw{};
    if (auto read = bytes(raw.data(), raw.size(), what); !read)
      return read.error();
    Number value = 0;
    for (std::size_t i = raw.size(); i-- > 0;)
      value = static_cast<Number>(value << 8U | raw[i]);
    return value;
  }

  [[nodiscard]] bool at_end() {
    char more = 0;
    return gzread(stream_.get(), &more, 1) == 0;
  }

  [[nodiscard]] error failure(errc code, std::string_view problem) const {
    return {code, fmt::format("read trace {} at offset {}: {}", name_, offset_, problem)};
  }

private:
  std::string name_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> stream_;
  std::uint64_t offset_ = 0;  // in what comes out of gzip
};

struct trace_counts {
  std::uint64_t requests = 0;
  std::uint64_t objects = 0;
};

expected<trace_counts> read_head(trace_file& in) {
  std::array<char, trace_magic.size()> magic{};
  if (auto read = in.bytes(magic.data(), magic.size(), "the first 8 letters"); !read)
    return read.error();
  if (std::string_view{magic.data(), magic.size()} != trace_magic)
    return in.failure(errc::corrupt, "the content does not begin with AGTRACE1");
  const auto requests = in.number<std::uint64_t>("the number of requests");
  if (!requests)
    return requests.error();
  const auto objects = in.number<std::uint64_t>("the number of objects");
  if (!objects)
    return objects.error();
  if (*requests > requests_max || *objects > objects_max) {
    return in.failure(errc::too_large,
                      fmt::format("{} requests for {} objects; at most {} and {} are read",
                                  *requests, *objects, requests_max, objects_max));
  }
  return trace_counts{.requests = *requests, .objects = *objects};
}

expected<cache_entry_facts> read_object(trace_file& in, std::uint32_t id) {
  const auto size = in.number<std::uint32_t>("the table of objects");
  if (!size)
    return size.error();
  const auto cost = in.number<std::uint32_t>("the table of objects");
  if (!cost)
    return cost.error();
  if (*size == 0)
    return in.failure(errc::corrupt, fmt::format("object {} has size 0; at least 1 is right", id));
  return cache_entry_facts{.key_hash = hash_of_object(id), .charge_bytes = *size, .cost = *cost};
}

/// Grows the trace as the file is read, so that a head with absurd counts costs no memory.
expected<access_trace> read_body(trace_file& in, const trace_counts& counts) {
  access_trace trace;
  for (std::uint32_t id = 0; id < counts.objects; ++id) {
    auto object = read_object(in, id);
    if (!object)
      return object.error();
    trace.objects.push_back(*object);
  }
  for (std::uint64_t i = 0; i < counts.requests; ++i) {
    const auto id = in.number<std::uint32_t>("the requests");
    if (!id)
      return id.error();
    if (*id >= counts.objects) {
      return in.failure(errc::corrupt,
                        fmt::format("request {} is for object {}; ids from 0 to {} are right", i,
                                    *id, static_cast<std::int64_t>(counts.objects) - 1));
    }
    trace.requests.push_back(*id);
  }
  if (!in.at_end())
    return in.failure(errc::corrupt, "more follows the last request; the file should end here");
  return trace;
}

}  // namespace

expected<std::vector<std::filesystem::path>> find_traces(const std::filesystem::path& folder) {
  std::error_code problem;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator entry{folder, problem}, end; !problem && entry != end;
       entry.increment(problem)) {
    if (entry->path().filename().string().ends_with(trace_suffix))
      found.push_back(entry->path());
  }
  if (problem) {
    return error{errc::not_found,
                 fmt::format("look for traces in {}: {}", folder.string(), problem.message())};
  }
  if (found.empty()) {
    return error{errc::not_found, fmt::format("look for traces in {}: no file ends in {}",
                                              folder.string(), trace_suffix)};
  }
  std::ranges::sort(found);
  return found;
}

std::string trace_name(const std::filesystem::path& file) {
  const auto name = file.filename().string();
  return name.substr(0, name.size() - std::min(name.size(), trace_suffix.size()));
}

expected<access_trace> read_trace(const std::filesystem::path& file) {
  trace_file in{file};
  if (!in.is_open())
    return error{errc::io_failed, fmt::format("read trace {}: it cannot be opened", file.string())};
  const auto counts = read_head(in);
  if (!counts)
    return counts.error();
  return read_body(in, *counts);
}

}  // namespace libagent::lab
