#pragma once

#include "libagent/api/door_listings.hpp"
#include "libagent/api/render.hpp"
#include "libagent/base/time.hpp"
#include "libagent/session/ask.hpp"
#include "libagent/session/session_view.hpp"

#include <string>
#include <vector>

namespace libagent {

// How sessions and agents look on a terminal. Text of models, tools and clients is shown without
// control characters.

/// One line a session under a line of titles. Empty when there are none.
[[nodiscard]] std::string render_sessions(const std::vector<session_line>& sessions,
                                          unix_millis now);

/// What is known of a session, and then what was said.
[[nodiscard]] std::string render_session(const session_view& session, unix_millis now,
                                         text_style style);

/// What was said: a user's words behind `> `, calls and results of tools in one dim line each.
[[nodiscard]] std::string render_messages(const std::vector<chat_message>& messages,
                                          text_style style);

/// An agent a paragraph: name, model, tools, and what it is for.
[[nodiscard]] std::string render_agents(const std::vector<agent_info>& agents, text_style style);

/// One line an approval: its id, its session and the call.
[[nodiscard]] std::string render_approvals(const std::vector<session_view>& sessions);

}  // namespace libagent
