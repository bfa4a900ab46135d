// Uses the installed library as its users do: a tool, and an agent on an actor system.
#include "actors/agent.hpp"
#include "actors/bridge/actor_system.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <caf/scoped_actor.hpp>

#include <iostream>
#include <string>
#include <utility>

namespace {

struct greet_input {
  std::string name;
};

template <class Inspector>
bool inspect(Inspector& f, greet_input& x) {
  return libagent::record(f, x, "greet_input", libagent::field("name", "Whom to greet.", x.name));
}

struct greet_output {
  std::string greeting;
};

template <class Inspector>
bool inspect(Inspector& f, greet_output& x) {
  return libagent::record(f, x, "greet_output",
                          libagent::field("greeting", "What to say.", x.greeting));
}

class echo_agent {
public:
  explicit echo_agent(libagent::actors::agent_actor::pointer self) : self_{self} {}

  libagent::actors::agent_actor::behavior_type make_behavior() {
    return {[](libagent::actors::ask_atom, const libagent::agent_question& asked) {
      return libagent::agent_answer{.text = asked.question, .model = "echo"};
    }};
  }

private:
  [[maybe_unused]] libagent::actors::agent_actor::pointer self_;
};

bool tool_works() {
  libagent::tool_registry tools;
  const auto added =
      tools.add({.name = "greet", .description = "Greets somebody."},
                [](const greet_input& in) { return greet_output{"Hi, " + in.name}; });
  if (!added)
    return false;
  const auto greet = tools.find("greet");
  const auto said = greet->run(R"({"name": "you"})", {});
  std::cout << (said ? *said : said.error().context) << '\n';
  return said && *said == R"({"greeting":"Hi, you"})" && !greet->check("{}");
}

bool agent_works() {
  using namespace libagent::actors;
  init_types();
  actor_system_config config{{.threads = 1}};
  caf::actor_system system{config};
  const auto spec = make_agent<echo_agent>("echo", "Says what it hears.");
  const auto agent = caf::actor_cast<agent_actor>(spec.spawn(system));
  caf::scoped_actor self{system};
  std::string heard;
  self->request(agent, caf::infinite, ask_atom_v, libagent::agent_question{.question = "Anyone?"})
      .receive([&](const libagent::agent_answer& answer) { heard = answer.text; },
               [&](const caf::error& failure) { heard = to_string(failure); });
  self->send_exit(agent, caf::exit_reason::user_shutdown);
  std::cout << heard << '\n';
  return heard == "Anyone?";
}

}  // namespace

int main() {
  return tool_works() && agent_works() ? 0 : 1;
}
