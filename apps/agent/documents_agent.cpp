#include "apps/agent/documents_agent.hpp"

#include "libagent/record/json.hpp"
#include "libagent/session/follow_up.hpp"

#include <caf/response_promise.hpp>
#include <nlohmann/json.hpp>

namespace libagent::app {

namespace {

constexpr std::size_t conversations_remembered = 1000;

}  // namespace

documents_agent::documents_agent(actors::agent_actor::pointer self)
    : self_{self}, memory_{conversations_remembered} {}

actors::agent_actor::behavior_type documents_agent::make_behavior() {
  actors::set_quiet_handlers(self_);
  return {[this](actors::ask_atom, const agent_question& asked) { return answer(asked); }};
}

caf::result<agent_answer> documents_agent::answer(const agent_question& asked) {
  auto promise = self_->make_response_promise<agent_answer>();
  const nlohmann::json arguments{{"question", question_to_search(asked)}};
  actors::run_tool(self_, {.target = "answer_from_documents", .arguments = {arguments.dump()}},
                   [promise](const expected<raw_json>& output) mutable {
                     auto answered = output ? from_json<agent_answer>(output->text)
                                            : expected<agent_answer>{output.error()};
                     if (answered) {
                       promise.deliver(*std::move(answered));
                     } else {
                       promise.deliver(actors::to_caf_error(answered.error()));
                     }
                   });
  return promise;
}

std::string documents_agent::question_to_search(const agent_question& asked) {
  if (!asked.session)
    return asked.question;
  auto full = resolve_follow_up(memory_.previous(*asked.session), asked.question);
  memory_.remember(*asked.session, asked.question);
  return full;
}

}  // namespace libagent::app
