#include "libagent/api/door_listings.hpp"

#include "libagent/base/text.hpp"

#include <charconv>
#include <string_view>
#include <system_error>

namespace libagent {

namespace {

constexpr std::int64_t sessions_listed_max = 1'000;

error bad_session_query(const query_param& param, std::string_view wanted) {
  return {errc::invalid_argument, "read the query parameter " + quoted_excerpt(param.name) +
                                      ": expected " + std::string{wanted} + ", got " +
                                      quoted_excerpt(param.value)};
}

bool read_whole(std::string_view text, std::int64_t& out) {
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  return read.ec == std::errc{} && read.ptr == end && out >= 0;
}

expected<void> take_session_param(const query_param& param, session_query& into) {
  std::int64_t number = 0;
  if (param.name == "agent") {
    into.agent = param.value;
  } else if (param.name == "open") {
    if (param.value != "true" && param.value != "false")
      return bad_session_query(param, "true or false");
    into.open_only = param.value == "true";
  } else if (param.name == "limit") {
    if (!read_whole(param.value, number) || number < 1 || number > sessions_listed_max)
      return bad_session_query(param, "1 to 1000");
    into.limit = static_cast<std::size_t>(number);
  } else if (param.name == "before") {
    if (!read_whole(param.value, number))
      return bad_session_query(param, "Unix time in milliseconds");
    into.changed_before = number;
  } else {
    return bad_session_query(param, "agent, open, limit or before as its name");
  }
  return {};
}

}  // namespace

expected<session_query> read_session_query(const std::vector<query_param>& query) {
  session_query out;
  for (const auto& param : query) {
    if (auto taken = take_session_param(param, out); !taken)
      return taken.error();
  }
  return out;
}

}  // namespace libagent
