#include "libagent/memory/proc_text.hpp"

#include <charconv>

namespace libagent {

namespace {

constexpr std::uint64_t no_limit_from_bytes = 1ULL << 62U;

error unexpected_text(std::string_view wanted, std::string_view text) {
  return {errc::corrupt,
          "read " + std::string{wanted} + ": found '" + std::string{text.substr(0, 40)} + "'"};
}

std::string_view without_leading_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

// Reads a decimal number and moves `text` behind it; empty when there is none.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  text = without_leading_blanks(text);
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{})
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// Cuts the first line off `text`.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return line;
}

// The number behind `label` at the start of a line.
std::optional<std::uint64_t> labelled_number(std::string_view text, std::string_view label) {
  while (!text.empty()) {
    auto line = take_line(text);
    if (line.starts_with(label)) {
      line.remove_prefix(label.size());
      return take_number(line);
    }
  }
  return std::nullopt;
}

// The number behind `total=` in the line that starts with `kind`.
std::optional<std::uint64_t> stall_total(std::string_view text, std::string_view kind) {
  constexpr std::string_view label = "total=";
  while (!text.empty()) {
    auto line = take_line(text);
    const auto at = line.find(label);
    if (line.starts_with(kind) && at != std::string_view::npos) {
      line.remove_prefix(at + label.size());
      return take_number(line);
    }
  }
  return std::nullopt;
}

}  // namespace

expected<std::uint64_t> resident_bytes_in_statm(std::string_view text, std::uint64_t page_bytes) {
  auto rest = text;
  const auto size = take_number(rest);
  const auto resident = take_number(rest);
  if (!size || !resident)
    return unexpected_text("the resident pages in statm", text);
  return *resident * page_bytes;
}

expected<machine_memory> machine_memory_in_meminfo(std::string_view text) {
  const auto total = labelled_number(text, "MemTotal:");
  const auto available = labelled_number(text, "MemAvailable:");
  if (!total || !available)
    return unexpected_text("MemTotal and MemAvailable in meminfo", text);
  return machine_memory{*total * 1024, *available * 1024};
}

expected<std::optional<std::uint64_t>> bytes_in_cgroup_file(std::string_view text) {
  auto rest = without_leading_blanks(text);
  if (rest.starts_with("max"))
    return std::optional<std::uint64_t>{};
  const auto bytes = take_number(rest);
  if (!bytes)
    return unexpected_text("a number or max in a cgroup file", text);
  return *bytes >= no_limit_from_bytes ? std::optional<std::uint64_t>{} : bytes;
}

expected<std::uint64_t> inactive_file_in_cgroup_stat(std::string_view text) {
  // Version 1 has both, and only the total covers groups below this one.
  auto bytes = labelled_number(text, "total_inactive_file ");
  if (!bytes)
    bytes = labelled_number(text, "inactive_file ");
  if (!bytes)
    return unexpected_text("inactive_file in memory.stat", text);
  return *bytes;
}

expected<memory_stalls> memory_stalls_in_pressure(std::string_view text) {
  const auto some = stall_total(text, "some ");
  const auto full = stall_total(text, "full ");
  if (!some || !full)
    return unexpected_text("the totals of some and full in pressure", text);
  return memory_stalls{*some, *full};
}

std::optional<cgroup_place> memory_group_in_cgroup(std::string_view text) {
  return group_of_controller(text, "memory");
}

}  // namespace libagent
