#include "apps/agent/chat_loop.hpp"

#include "apps/agent/cli.hpp"
#include "apps/agent/terminal.hpp"
#include "libagent/api/session_page.hpp"

#include <optional>
#include <ostream>
#include <random>
#include <utility>

namespace libagent::app {

namespace {

constexpr const char* chat_help = R"(Type what you want to say. Beside that:
  /new        begins another session
  /sessions   lists yours, the latest first
  /history    shows what was said in this one
  /agents     lists who could answer (agent chat --agent NAME)
  /quit       ends; so does Ctrl-D
Ctrl-C ends an answer and keeps the session.
)";

/// A name for a turn that no other has.
std::string unique_key() {
  std::random_device random;
  std::string key = "chat-";
  for (int i = 0; i < 4; ++i)
    key += std::to_string(random()) + (i < 3 ? "-" : "");
  return key;
}

/// Prints a turn and keeps how it ended.
class printing_observer final : public turn_observer {
public:
  printing_observer(chat_printer_options options, std::ostream& out)
      : printer_{options}, out_{&out} {}

  void on_update(const turn_update& update) override { print(printer_.on_update(update)); }

  void on_end(const turn_result& result) override {
    result_ = result;
    print(printer_.on_end(result));
  }

  void on_refused(const error& why) override {
    was_refused_ = true;
    print(printer_.on_refused(why));
  }

  /// Says so when neither came.
  void note_loss() {
    if (!result_ && !was_refused_) {
      on_refused(
          {errc::unavailable, "the turn was lost with the part that ran it; its session is kept"});
    }
  }

  [[nodiscard]] const std::optional<turn_result>& result() const { return result_; }

private:
  void print(const std::string& text) { *out_ << text << std::flush; }

  chat_printer printer_;
  std::ostream* out_;
  std::optional<turn_result> result_;
  bool was_refused_ = false;
};

}  // namespace

chat_loop::chat_loop(chat_backend& backend, line_source& lines, interrupt& ctrl_c,
                     const chat_bookmark& bookmark, std::ostream& out, chat_options options)
    : backend_{&backend},
      lines_{&lines},
      ctrl_c_{&ctrl_c},
      bookmark_{&bookmark},
      out_{&out},
      options_{std::move(options)} {}

int chat_loop::run() {
  open_session();
  for (;;) {
    const auto line = lines_->read("> ");
    if (!line)
      break;
    const auto first = line->find_first_not_of(" \t");
    if (first == std::string::npos)
      continue;
    if ((*line)[first] != '/') {
      say(*line);
    } else if (!obey(std::string_view{*line}.substr(first))) {
      break;
    }
  }
  return has_failed_ ? exit_failed : exit_ok;
}

void chat_loop::open_session() {
  if (options_.session.empty())
    return begin_session();
  const auto known = backend_->look_up(options_.session);
  agent_to_name_ = known ? "" : options_.agent;
  bookmark_->write(options_.session);
  if (!known)
    return greet(known.error().code == errc::not_found ? "new" : to_string(known.error()));
  greet(std::to_string(known->turns) + (known->turns == 1 ? " turn so far" : " turns so far"));
  if (!known->approvals.empty()) {
    *out_ << "Something here waits for a person (agent approvals allow ID, or deny ID):\n"
          << render_approvals({*known});
  }
}

void chat_loop::begin_session() {
  options_.session = new_session_id(options_.user, unix_now());
  agent_to_name_ = options_.agent;
  bookmark_->write(options_.session);
  greet("new");
}

void chat_loop::greet(const std::string& about) const {
  if (!lines_->is_interactive())
    return;
  *out_ << options_.agent << ", session " << options_.session << " (" << about
        << "). /help says what else you can type; Ctrl-D ends.\n";
}

bool chat_loop::obey(std::string_view command) {
  const auto word = command.substr(0, command.find_last_not_of(" \t") + 1);
  if (word == "/quit" || word == "/exit")
    return false;
  if (word == "/new") {
    begin_session();
  } else if (word == "/sessions") {
    show_sessions();
  } else if (word == "/agents") {
    show_agents();
  } else if (word == "/history") {
    show_history();
  } else {
    *out_ << (word == "/help" ? "" : "There is no such command.\n");
    *out_ << chat_help << std::flush;
  }
  return true;
}

void chat_loop::say(const std::string& text) {
  turn_request request{.agent = agent_to_name_,
                       .session = options_.session,
                       .messages = {{.role = chat_role::user, .content = text}},
                       .key = unique_key()};
  while (run_turn(request)) {
    // Somebody decided, and the turn goes on under its key.
  }
  *out_ << (lines_->is_interactive() ? "\n" : "") << std::flush;
}

/// Whether it waited for a person who has decided now.
bool chat_loop::run_turn(const turn_request& request) {
  printing_observer observer{options_.printing, *out_};
  backend_->run_turn(request, observer, ctrl_c_->begin_work());
  ctrl_c_->end_work();
  observer.note_loss();
  const auto& result = observer.result();
  has_failed_ =
      !result || result->state == turn_state::failed || result->state == turn_state::needs_approval;
  if (result)
    agent_to_name_.clear();
  return result && result->state == turn_state::needs_approval && decide_on(*result);
}

bool chat_loop::decide_on(const turn_result& waiting) {
  if (!lines_->is_interactive()) {
    *out_ << "Decide with: agent approvals allow ID, or deny ID\n";
    for (const auto& each : waiting.approvals)
      *out_ << "  " << each.id << "\n";
    return false;
  }
  for (const auto& each : waiting.approvals) {
    if (!decide_on(each))
      return false;
  }
  return !waiting.approvals.empty();
}

bool chat_loop::decide_on(const pending_approval& waiting) {
  const auto answer =
      lines_->ask("Allow " + one_line(call_text(waiting.call), options_.printing.columns / 2) +
                  " ? [y/N, or why not] ");
  if (!answer) {
    *out_ << "It waits on: agent approvals allow " << waiting.id << "\n";
    return false;
  }
  const bool is_allowed = *answer == "y" || *answer == "Y" || *answer == "yes";
  const bool is_reason = !is_allowed && answer->size() > 3;
  const auto decided = backend_->decide(
      waiting.id, {.allowed = is_allowed, .reason = is_reason ? *answer : std::string{}});
  if (!decided)
    *out_ << "! " << printable_text(to_string(decided.error())) << "\n";
  return decided.has_value();
}

void chat_loop::show_sessions() {
  const auto sessions = backend_->sessions();
  *out_ << (sessions ? render_sessions(*sessions, unix_now())
                     : "! " + printable_text(to_string(sessions.error())) + "\n");
}

void chat_loop::show_agents() {
  const auto agents = backend_->agents();
  *out_ << (agents ? render_agents(*agents, options_.printing.style)
                   : "! " + printable_text(to_string(agents.error())) + "\n");
}

void chat_loop::show_history() {
  const auto session = backend_->look_up(options_.session);
  if (session) {
    *out_ << render_messages(session->messages, options_.printing.style);
  } else if (session.error().code == errc::not_found) {
    *out_ << "Nothing was said yet.\n";
  } else {
    *out_ << "! " << printable_text(to_string(session.error())) << "\n";
  }
}

}  // namespace libagent::app
