#pragma once

#include "apps/agent/chat_backend.hpp"
#include "apps/agent/chat_sessions.hpp"
#include "apps/agent/interrupt.hpp"
#include "apps/agent/line_reader.hpp"
#include "libagent/api/chat_printer.hpp"

#include <iosfwd>
#include <string>
#include <string_view>

namespace libagent::app {

struct chat_options {
  std::string agent;
  std::string session;  ///< Empty: a new one.
  std::string user;     ///< For the names of new sessions.
  chat_printer_options printing;
};

/// Reads what somebody types, has it answered, and prints what happens meanwhile.
///
/// Ctrl-C cancels a turn and keeps the session. Thread safety: none.
class chat_loop {
public:
  /// All but the options must outlive it. Prints to `out`.
  chat_loop(chat_backend& backend, line_source& lines, interrupt& ctrl_c,
            const chat_bookmark& bookmark, std::ostream& out, chat_options options);

  /// Until the end of the input; returns the exit code: that of the last turn.
  [[nodiscard]] int run();

private:
  void open_session();
  void begin_session();
  void greet(const std::string& about) const;
  /// False: the chat is to end.
  [[nodiscard]] bool obey(std::string_view command);
  void say(const std::string& text);
  [[nodiscard]] bool run_turn(const turn_request& request);
  [[nodiscard]] bool decide_on(const turn_result& waiting);
  [[nodiscard]] bool decide_on(const pending_approval& waiting);
  void show_sessions();
  void show_agents();
  void show_history();

  chat_backend* backend_;
  line_source* lines_;
  interrupt* ctrl_c_;
  const chat_bookmark* bookmark_;
  std::ostream* out_;
  chat_options options_;
  std::string agent_to_name_;  ///< With the next turn; empty: the session knows who answers.
  bool has_failed_ = false;
};

}  // namespace libagent::app
