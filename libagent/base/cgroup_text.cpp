#include "libagent/base/cgroup_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace libagent {

namespace {

error unexpected_cgroup_text(std::string_view wanted, std::string_view text) {
  return {errc::corrupt,
          "read " + std::string{wanted} + ": found '" + std::string{text.substr(0, 40)} + "'"};
}

// Cuts off `text` what stands before the first `end`, and `end` itself.
std::string_view take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return part;
}

bool lists_controller(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    if (take_until(controllers, ',') == wanted)
      return true;
  }
  return false;
}

// A whole number with nothing but a line's end or a blank behind it.
std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || (stop != end && *stop != '\n' && *stop != ' '))
    return std::nullopt;
  return number;
}

}  // namespace

std::optional<cgroup_place> group_of_controller(std::string_view text,
                                                std::string_view controller) {
  std::optional<cgroup_place> unified;
  while (!text.empty()) {
    auto line = take_until(text, '\n');
    const auto fields = std::ranges::count(line, ':');
    take_until(line, ':');
    const auto controllers = take_until(line, ':');
    if (fields < 2)
      continue;
    if (lists_controller(controllers, controller))
      return cgroup_place{false, std::string{line}};
    if (controllers.empty())
      unified = cgroup_place{true, std::string{line}};
  }
  return unified;
}

expected<std::optional<double>> cpu_quota_of_v1(std::string_view quota_us,
                                                std::string_view period_us) {
  const auto quota = whole_number(quota_us);
  if (!quota)
    return unexpected_cgroup_text("a number in cpu.cfs_quota_us", quota_us);
  if (*quota < 0)
    return std::optional<double>{};
  const auto period = whole_number(period_us);
  if (!period || *period <= 0)
    return unexpected_cgroup_text("a number above 0 in cpu.cfs_period_us", period_us);
  return std::optional{static_cast<double>(*quota) / static_cast<double>(*period)};
}

expected<std::optional<double>> cpu_quota_of_v2(std::string_view cpu_max) {
  auto rest = cpu_max;
  const auto quota_text = take_until(rest, ' ');
  const auto period = whole_number(rest);
  if (quota_text == "max" && period)
    return std::optional<double>{};
  const auto quota = whole_number(quota_text);
  if (!quota || *quota < 0 || !period || *period <= 0)
    return unexpected_cgroup_text("a quota and a period in cpu.max", cpu_max);
  return std::optional{static_cast<double>(*quota) / static_cast<double>(*period)};
}

std::uint32_t cpus_within(std::uint32_t allowed, std::optional<double> quota) {
  auto cpus = std::max(allowed, 1U);
  if (quota && *quota < static_cast<double>(cpus))
    cpus = static_cast<std::uint32_t>(std::ceil(std::max(*quota, 0.0)));
  return std::max(cpus, 1U);
}

}  // namespace libagent
