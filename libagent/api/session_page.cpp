#include "libagent/api/session_page.hpp"

#include "libagent/api/chat_printer.hpp"
#include "libagent/api/task_page.hpp"
#include "libagent/api/text_table.hpp"

#include <string_view>

namespace libagent {

namespace {

constexpr std::size_t listed_call_columns = 90;
constexpr std::size_t said_columns = 100;

std::string dimmed(const std::string& text, text_style style) {
  return style.color ? "\x1b[2m" + text + "\x1b[0m" : text;
}

std::string emphasised(const std::string& text, text_style style) {
  return style.color ? "\x1b[1m" + text + "\x1b[0m" : text;
}

const char* state_of(bool turn_open, bool needs_approval) {
  if (needs_approval)
    return "needs approval";
  return turn_open ? "answering" : "idle";
}

/// `text` printable, with a mark in front of its first line and blanks before the others.
std::string quoted_lines(std::string_view mark, std::string_view text) {
  std::string out{mark};
  for (const char c : printable_text(text)) {
    out += c;
    if (c == '\n')
      out.append(mark.size(), ' ');
  }
  return out;
}

std::string said(const chat_message& message, text_style style) {
  switch (message.role) {
    case chat_role::system: return {};
    case chat_role::user: return emphasised(quoted_lines("> ", message.content), style) + "\n";
    case chat_role::tool:
      return dimmed("  <- " + one_line(message.content, said_columns), style) + "\n";
    case chat_role::assistant: break;
  }
  auto out = message.content.empty() ? "" : printable_text(message.content) + "\n";
  for (const auto& call : message.tool_calls)
    out += dimmed("  -> " + one_line(call_text(call), said_columns), style) + "\n";
  return out;
}

std::string comma_list(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

}  // namespace

std::string render_sessions(const std::vector<session_line>& sessions, unix_millis now) {
  if (sessions.empty())
    return {};
  std::vector<text_row> rows{{"SESSION", "AGENT", "STATE", "CHANGED", "BEGUN"}};
  for (const auto& each : sessions) {
    rows.push_back({printable_text(each.id), printable_text(each.agent),
                    state_of(each.turn_open, each.needs_approval),
                    age_text(each.changed_at, now) + " ago",
                    age_text(each.created_at, now) + " ago"});
  }
  return text_table(rows);
}

std::string render_messages(const std::vector<chat_message>& messages, text_style style) {
  std::string out;
  for (const auto& message : messages)
    out += said(message, style);
  return out;
}

std::string render_session(const session_view& session, unix_millis now, text_style style) {
  auto out = "session  " + printable_text(session.id) + "\nagent    " +
             printable_text(session.agent) + "\nstate    " +
             state_of(session.turn_open, !session.approvals.empty()) + "\nchanged  " +
             age_text(session.changed_at, now) + " ago\nturns    " + std::to_string(session.turns) +
             "\ntokens   " + std::to_string(session.usage.prompt) + " read, " +
             std::to_string(session.usage.completion) + " written" +
             (session.usage.estimated ? " (estimated)" : "") + "\n";
  if (!session.messages.empty())
    out += "\n" + render_messages(session.messages, style);
  if (!session.approvals.empty())
    out += "\nwaits for a person:\n" + render_approvals({session});
  return out;
}

std::string render_agents(const std::vector<agent_info>& agents, text_style style) {
  std::string out;
  for (const auto& agent : agents) {
    out += emphasised(printable_text(agent.name), style);
    if (!agent.model.empty())
      out += "  " + printable_text(agent.model);
    if (!agent.tools.empty())
      out += "  " + dimmed("tools: " + printable_text(comma_list(agent.tools)), style);
    out += "\n    " + one_line(agent.description, 1'024) + "\n";
  }
  return out;
}

std::string render_approvals(const std::vector<session_view>& sessions) {
  std::vector<text_row> rows{{"APPROVAL", "SESSION", "CALL"}};
  for (const auto& session : sessions) {
    for (const auto& waiting : session.approvals) {
      rows.push_back({printable_text(waiting.id), printable_text(session.id),
                      one_line(call_text(waiting.call), listed_call_columns)});
    }
  }
  return rows.size() == 1 ? std::string{} : text_table(rows);
}

}  // namespace libagent
