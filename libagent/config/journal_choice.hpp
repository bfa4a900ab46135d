#pragma once

#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace libagent {

/// When what was committed is on stable storage. All survive the end of the process; a loss of
/// power takes what the policy says.
enum class journal_sync : std::uint8_t {
  none,      ///< When the kernel likes.
  interval,  ///< At most an interval later.
  group,     ///< Before the commit returns; those who wait meanwhile share the next one.
};

template <>
struct enum_names<journal_sync> {
  static constexpr std::array<std::pair<journal_sync, std::string_view>, 3> values{
      {{journal_sync::none, "none"},
       {journal_sync::interval, "interval"},
       {journal_sync::group, "group"}}};
};

/// The same as a choice of the operator, who can also do without a journal.
enum class journal_choice : std::uint8_t { off, none, interval, group };

template <>
struct enum_names<journal_choice> {
  static constexpr std::array<std::pair<journal_choice, std::string_view>, 4> values{
      {{journal_choice::off, "off"},
       {journal_choice::none, "none"},
       {journal_choice::interval, "interval"},
       {journal_choice::group, "group"}}};
};

}  // namespace libagent
