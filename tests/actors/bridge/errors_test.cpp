#include "actors/bridge/errors.hpp"

#include "actors/bridge/actor_system.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("an error keeps code and context on its way through CAF", "[bridge]") {
  actors::init_types();
  for (auto number = 1; number <= static_cast<int>(errc::internal); ++number) {
    const error sent{static_cast<errc>(number), "admit task: 7 already queued"};
    CHECK(actors::from_caf_error(actors::to_caf_error(sent)) == sent);
  }
  CHECK(actors::from_caf_error(actors::to_caf_error({errc::cancelled, ""})) ==
        error{errc::cancelled, ""});
}

TEST_CASE("errc::ok is no error to CAF", "[bridge]") {
  actors::init_types();
  CHECK_FALSE(actors::to_caf_error({errc::ok, ""}));
}

TEST_CASE("CAF's own errors become codes that a caller can branch on", "[bridge]") {
  actors::init_types();
  const auto code_of = [](caf::error err) { return actors::from_caf_error(err).code; };
  CHECK(code_of(caf::sec::request_timeout) == errc::deadline_exceeded);
  CHECK(code_of(caf::sec::request_receiver_down) == errc::unavailable);
  CHECK(code_of(caf::sec::broken_promise) == errc::unavailable);
  CHECK(code_of(caf::sec::cannot_connect_to_node) == errc::unavailable);
  CHECK(code_of(caf::sec::invalid_argument) == errc::invalid_argument);
  CHECK(code_of(caf::sec::unexpected_response) == errc::internal);
  CHECK(code_of(caf::exit_reason::user_shutdown) == errc::unavailable);
  CHECK(code_of(caf::exit_reason::kill) == errc::unavailable);
  CHECK(code_of({}) == errc::unavailable);
}

TEST_CASE("the text of an exception survives", "[bridge]") {
  actors::init_types();
  const auto thrown = caf::make_error(caf::sec::runtime_error, std::string{"std.runtime_error"},
                                      std::string{"boom"});
  CHECK(actors::from_caf_error(thrown) == error{errc::internal, "actor failed: boom"});
}
