// A custom agent is an actor that answers `ask`. It is supervised, and can be asked over every
// interface: here from the main thread, and, when it crashes, it is there again for the next one.
#include "actors/agent.hpp"
#include "actors/node.hpp"
#include "libagent/record/json.hpp"

#include <iostream>
#include <stdexcept>

using namespace libagent;

// [docs: agent]
class greeter {
public:
  explicit greeter(actors::agent_actor::pointer self) : self_{self} {}

  actors::agent_actor::behavior_type make_behavior() {
    actors::set_quiet_handlers(self_);
    return {[this](actors::ask_atom, const agent_question& asked) {
      if (asked.question == "crash")
        throw std::runtime_error{"as you wish"};
      return agent_answer{.text = "Hello, " + asked.question + ". You are number " +
                                  std::to_string(++greeted_) + ".",
                          .model = "none"};
    }};
  }

  static inline const char* name = "greeter";

private:
  actors::agent_actor::pointer self_;
  int greeted_ = 0;
};

// [/docs]

int main() {
  // [docs: node]
  auto node = actors::node::start({}, std::make_shared<tool_registry>(),
                                  {actors::make_agent<greeter>("greeter", "Greets and counts.")});
  // [/docs]
  if (!node) {
    std::cerr << to_string(node.error()) << "\n";
    return 1;
  }
  for (const auto* who : {"Ada", "Grace", "crash", "Barbara"}) {
    const auto ended = (*node)->client().run(
        {.target = "agent:greeter", .arguments = {to_json(agent_question{.question = who})}});
    if (!ended) {
      std::cout << who << " -> " << to_string(ended.error()) << "\n";
    } else if (ended->result) {
      std::cout << who << " -> " << ended->result->text << "\n";
    } else {
      std::cout << who << " -> " << to_string(ended->failure.value_or(error{})) << "\n";
    }
  }
}
