#include "libagent/tools/make_async_tool.hpp"

namespace libagent::tool_detail {

pending_reply::pending_reply(std::string tool_name, tool_done done)
    : tool_name_{std::move(tool_name)}, done_{std::move(done)} {}

pending_reply::~pending_reply() {
  answer(error{errc::tool_failed, "run " + tool_name_ + ": it ended without an answer"});
}

void pending_reply::answer(expected<std::string> outcome) {
  if (!is_answered_.exchange(true))
    done_(std::move(outcome));
}

}  // namespace libagent::tool_detail
