#include "actors/http_replies.hpp"

#include "libagent/api/task_reply.hpp"

#include "tests/support/fake_exchange.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace libagent::actors;
using libagent::testing::exchange_outcome;
using libagent::testing::fake_exchange;

namespace {

struct reply_setup {
  std::shared_ptr<exchange_outcome> outcome = std::make_shared<exchange_outcome>();
  std::shared_ptr<fake_exchange> exchange =
      std::make_shared<fake_exchange>(http_request{}, outcome);
  std::vector<task_id> cancelled;

  std::shared_ptr<wait_reply> waiting() {
    return wait_reply::make(exchange, ended_reply,
                            [this](const task_id& id) { cancelled.push_back(id); });
  }

  static task_record record(task_state state) {
    task_record made;
    made.id = make_task_id(1, 2, 3);
    made.state = state;
    return made;
  }
};

}  // namespace

TEST_CASE_METHOD(reply_setup, "a waiting request is answered by the end of its task") {
  auto reply = waiting();
  reply->on_change(record(task_state::queued));
  reply->on_change(record(task_state::running));
  CHECK_FALSE(outcome->response);
  reply->on_change(record(task_state::succeeded));
  REQUIRE(outcome->response);
  CHECK(outcome->response->status == 200);
}

TEST_CASE_METHOD(reply_setup, "a refused submit answers with the error") {
  waiting()->on_refused({errc::overloaded, "admit task: the batch lane is full"});
  REQUIRE(outcome->response);
  CHECK(outcome->response->status == 503);
  CHECK(outcome->response->headers.contains("Retry-After"));
}

TEST_CASE_METHOD(reply_setup, "a client that goes away cancels its task once") {
  auto reply = waiting();
  reply->on_change(record(task_state::queued));
  exchange->disconnect();
  reply->on_change(record(task_state::running));
  CHECK(cancelled == std::vector{record(task_state::queued).id});
}

TEST_CASE_METHOD(reply_setup, "a client that left before its task was accepted cancels it then") {
  auto reply = waiting();
  exchange->disconnect();
  CHECK(cancelled.empty());
  reply->on_change(record(task_state::queued));
  CHECK(cancelled.size() == 1);
}

TEST_CASE_METHOD(reply_setup, "a reply dropped unanswered drops its exchange, which answers 503") {
  auto reply = waiting();
  reply->on_change(record(task_state::queued));
  exchange.reset();
  reply.reset();
  REQUIRE(outcome->response);
  CHECK(outcome->response->status == 503);
}

TEST_CASE_METHOD(reply_setup, "an event stream tells states, progress and the result, then ends") {
  event_stream_reply stream{exchange};
  stream.on_change(record(task_state::queued));
  auto running = record(task_state::running);
  stream.on_change(running);
  running.progress = task_progress{.fraction = 0.5, .message = "half"};
  stream.on_change(running);
  CHECK_FALSE(outcome->finished);
  stream.on_change(record(task_state::succeeded));

  CHECK(outcome->stream_status == 200);
  REQUIRE(outcome->pieces.size() == 4);
  CHECK(outcome->pieces[0].starts_with("event: state\n"));
  CHECK(outcome->pieces[2].starts_with("event: progress\n"));
  CHECK(outcome->pieces[3].starts_with("event: result\n"));
  CHECK(outcome->finished);
}

TEST_CASE_METHOD(reply_setup, "a slow reader misses progress but never the result") {
  event_stream_reply stream{exchange};
  auto running = record(task_state::running);
  stream.on_change(running);
  exchange->next_write = stream_write::congested;
  running.progress = task_progress{.fraction = 0.1};
  stream.on_change(running);
  running.progress = task_progress{.fraction = 0.2};
  stream.on_change(running);
  stream.on_change(record(task_state::failed));
  CHECK(outcome->pieces.size() == 3);
  CHECK(outcome->pieces.back().starts_with("event: result\n"));
}
