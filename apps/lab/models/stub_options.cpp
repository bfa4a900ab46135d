#include "apps/lab/models/stub_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace libagent::lab {

namespace {

constexpr std::array<std::pair<stub_fault, std::string_view>, stub_fault_kinds> stub_fault_names{
    {{stub_fault::none, "none"},
     {stub_fault::cut, "cut"},
     {stub_fault::stall, "stall"},
     {stub_fault::garbage, "garbage"},
     {stub_fault::rate_limited, "rate_limited"},
     {stub_fault::rate_limited_bare, "rate_limited_bare"},
     {stub_fault::server_error, "server_error"},
     {stub_fault::wrong_finish, "wrong_finish"},
     {stub_fault::split, "split"},
     {stub_fault::one_byte_arguments, "one_byte_arguments"},
     {stub_fault::bad_arguments, "bad_arguments"},
     {stub_fault::trickle, "trickle"}}};

constexpr std::string_view stub_load_keys = "think_ms, gap_ms, tokens, rounds, calls, echo, fault";

error bad_load(std::string_view setting, std::string_view why) {
  return {errc::invalid_argument,
          "read the load \"" + std::string{setting} + "\": " + std::string{why}};
}

expected<std::uint32_t> number_up_to(std::string_view setting, std::string_view text,
                                     std::uint32_t most) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value > most)
    return bad_load(setting, "expected a number from 0 to " + std::to_string(most));
  return value;
}

expected<void> take_setting(stub_load& load, std::string_view setting) {
  const auto equals = setting.find('=');
  if (equals == std::string_view::npos)
    return bad_load(setting, "expected KEY=VALUE");
  const auto key = setting.substr(0, equals);
  const auto text = setting.substr(equals + 1);
  if (key == "fault") {
    const auto fault = stub_fault_of(text);
    if (!fault)
      return fault.error();
    load.fault = *fault;
    return {};
  }
  const auto value = number_up_to(setting, text, key == "calls" ? 64 : 100'000);
  if (!value)
    return value.error();
  if (key == "think_ms") {
    load.think = std::chrono::milliseconds{*value};
  } else if (key == "gap_ms") {
    load.gap = std::chrono::milliseconds{*value};
  } else if (key == "tokens") {
    load.tokens = *value;
  } else if (key == "rounds") {
    load.rounds = *value;
  } else if (key == "calls") {
    load.calls = std::max(1U, *value);
  } else if (key == "echo") {
    load.echo = *value != 0;
  } else {
    return bad_load(setting, "there are only " + std::string{stub_load_keys});
  }
  return {};
}

}  // namespace

std::string_view fault_name(stub_fault fault) {
  return stub_fault_names.at(static_cast<std::size_t>(fault)).second;
}

expected<stub_fault> stub_fault_of(std::string_view name) {
  const auto* const found =
      std::ranges::find(stub_fault_names, name, &std::pair<stub_fault, std::string_view>::second);
  if (found != stub_fault_names.end())
    return found->first;
  std::string all;
  for (const auto& each : stub_fault_names)
    all.append(all.empty() ? "" : ", ").append(each.second);
  return error{errc::invalid_argument,
               "find the fault \"" + std::string{name} + "\": there are " + all};
}

expected<stub_load> stub_load_of(std::string_view model, const stub_load& usual) {
  auto load = usual;
  for (auto comma = model.find(','); comma != std::string_view::npos;) {
    const auto next = model.find(',', comma + 1);
    if (const auto taken = take_setting(load, model.substr(comma + 1, next - comma - 1)); !taken)
      return taken.error();
    comma = next;
  }
  return load;
}

}  // namespace libagent::lab
