#include "actors/bridge/spawning.hpp"

#include "libagent/telemetry/actor_events.hpp"

#include "tests/support/actor_fixture.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <stdexcept>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace libagent;
using libagent::testing::actor_fixture;

namespace {

struct quiet_state {
  explicit quiet_state(caf::event_based_actor* self) : self_{self} {}

  caf::behavior make_behavior() {
    actors::set_quiet_handlers(self_);
    return {
        [this](caf::put_atom, std::int32_t count) { handled_ += count; },
        [this](caf::get_atom) { return handled_; },
        [](caf::add_atom) -> std::int32_t { throw std::runtime_error{"no sums today"}; },
    };
  }

  static inline const char* name = "quiet";

private:
  caf::event_based_actor* self_;
  std::int32_t handled_ = 0;
};

using quiet_actor = caf::stateful_actor<quiet_state>;

struct nice_state {
  explicit nice_state(caf::event_based_actor*) {}

  caf::behavior make_behavior() {
    return {[](caf::get_atom) -> std::int32_t {
      return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)));
    }};
  }
};

caf::strong_actor_ptr ptr(const caf::actor& who) {
  return caf::actor_cast<caf::strong_actor_ptr>(who);
}

}  // namespace

TEST_CASE_METHOD(actor_fixture, "an urgent exit overtakes ordinary messages", "[bridge]") {
  const auto victim = spawn<quiet_actor>();
  run();
  for (int i = 0; i < 100; ++i)
    caf::anon_send(victim, caf::put_atom_v, std::int32_t{1});
  const auto last = begin_ask<std::int32_t>(victim, caf::get_atom_v);
  actors::urgent_exit(victim, caf::exit_reason::user_shutdown);
  run();
  REQUIRE_FALSE(is_alive(victim));
  CHECK(*exit_reason_of(ptr(victim)) == caf::exit_reason::user_shutdown);
  CHECK(last.get().error().code == errc::unavailable);
}

TEST_CASE_METHOD(actor_fixture, "an exception ends the actor and tells the asker why", "[bridge]") {
  const auto victim = spawn<quiet_actor>();
  const auto answer = ask_expected<std::int32_t>(victim, caf::add_atom_v);
  CHECK(answer.error() == error{errc::internal, "actor threw: no sums today"});
  CHECK_FALSE(is_alive(victim));
}

TEST_CASE_METHOD(actor_fixture, "an actor outlives messages it has no use for", "[bridge]") {
  const auto quiet = spawn<quiet_actor>();
  caf::anon_send(quiet, std::string{"a secret"});
  caf::anon_send(quiet, actors::to_caf_error({errc::overloaded, "try later"}));
  caf::anon_send(quiet, caf::down_msg{quiet.address(), caf::exit_reason::kill});
  caf::anon_send_exit(quiet, caf::exit_reason::normal);
  CHECK(ask<std::int32_t>(quiet, caf::get_atom_v) == 0);

  const auto dropped = events().events(events::message_unexpected);
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].fields.at("actor") == "quiet");
  CHECK(dropped[0].fields.at("message").find("secret") == std::string::npos);
  REQUIRE(events().events(events::error_unexpected).size() == 1);
  CHECK(events().events(events::error_unexpected)[0].fields.at("reason") ==
        "overloaded: try later");
}

TEST_CASE("pooled actors run nicer than those with their own thread", "[bridge]") {
  actors::actor_system_config config{{.threads = 1, .pool_nice = 5}};
  caf::actor_system system{config};
  const caf::scoped_actor self{system};
  const auto nice_of = [&](actors::placement where) {
    std::int32_t nice = -1;
    self->request(actors::spawn_placed<caf::stateful_actor<nice_state>>(system, where),
                  caf::infinite, caf::get_atom_v)
        .receive([&](std::int32_t answer) { nice = answer; },
                 [](const caf::error& err) { FAIL(to_string(err)); });
    return nice;
  };
  const auto own = nice_of(actors::placement::own_thread);
  CHECK(nice_of(actors::placement::pooled) == std::max(own, 5));
}
