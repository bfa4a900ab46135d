#include "libagent/tools/make_tool.hpp"

#include "libagent/base/text.hpp"

namespace libagent::tool_detail {

error cancelled_before_start(const std::string& name) {
  return {errc::cancelled, "run " + name + ": stopped before it started"};
}

error threw(const std::string& name, std::string_view what) {
  constexpr std::size_t shown_max = 1'000;  // an exception's text has no bound of its own
  return {errc::tool_failed, name + " threw: " + std::string{utf8_prefix(what, shown_max)}};
}

}  // namespace libagent::tool_detail
