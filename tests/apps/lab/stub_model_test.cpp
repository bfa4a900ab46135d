#include "apps/lab/models/stub_misdeeds.hpp"
#include "apps/lab/models/stub_reply.hpp"
#include "apps/lab/models/stub_request.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

using namespace libagent;
using namespace libagent::lab;
using namespace std::chrono_literals;

namespace {

constexpr const char* stub_tools =
    R"("tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object",
       "properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":3},
       "unit":{"enum":["C","F"]},"note":{"type":"string"}},
       "required":["city","days","unit"]}}}])";

std::string chat_with(const std::string& messages, const std::string& more = stub_tools) {
  return R"({"model":"stub","messages":[)" + messages + "]," + more + "}";
}

stub_request request_of(const std::string& body) {
  const auto read = read_stub_request(body, false);
  REQUIRE(read);
  return *read;
}

std::string all_bytes(const std::vector<stub_piece>& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::string{},
                         [](std::string all, const stub_piece& one) { return all + one.bytes; });
}

/// The objects of a stream's events, with any line end, and "[DONE]" as a text.
std::vector<nlohmann::json> events_of(std::string body) {
  std::ranges::replace(body, '\r', '\n');
  std::vector<nlohmann::json> events;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('\n', at), body.size());
    const auto line = body.substr(at, end - at);
    if (line == "data: [DONE]")
      events.emplace_back("[DONE]");
    else if (line.starts_with("data: "))
      events.push_back(nlohmann::json::parse(line.substr(6)));
    at = end + 1;
  }
  return events;
}

stub_reply streamed(const stub_load& load, const std::string& question = "hi") {
  auto request =
      request_of(chat_with(R"({"role":"user","content":")" + question + "\"}", R"("stream":true)"));
  return make_stub_reply(request, load, 7);
}

}  // namespace

TEST_CASE("a model's name declares the load of its request") {
  const auto load =
      stub_load_of("stub,tokens=3,think_ms=700,gap_ms=10,rounds=2,calls=4,echo=1,fault=cut", {});
  REQUIRE(load);
  CHECK(load->tokens == 3);
  CHECK(load->think == 700ms);
  CHECK(load->gap == 10ms);
  CHECK(load->rounds == 2);
  CHECK(load->calls == 4);
  CHECK(load->echo);
  CHECK(load->fault == stub_fault::cut);
  CHECK(stub_load_of("stub", stub_load{.tokens = 5})->tokens == 5);
}

TEST_CASE("a load that there is not is refused and says what there is") {
  for (const auto* name : {"stub,tokens", "stub,tokens=-1", "stub,tokens=1e3", "stub,colour=1",
                           "stub,fault=quake", "stub,calls=65", "stub,"})
    CHECK_FALSE(stub_load_of(name, {}));
  CHECK(stub_load_of("stub,fault=quake", {}).error().context.find("trickle") != std::string::npos);
}

TEST_CASE("every fault has a name that leads back to it") {
  for (int i = 0; i <= static_cast<int>(stub_fault::trickle); ++i) {
    const auto fault = static_cast<stub_fault>(i);
    CHECK(*stub_fault_of(fault_name(fault)) == fault);
  }
}

TEST_CASE("a request with tools is answered with a call that fits the tool's schema") {
  const auto request = request_of(chat_with(R"({"role":"user","content":"hi"})"));
  const auto reply = make_stub_reply(request, {.calls = 2}, 1);
  const auto body = nlohmann::json::parse(all_bytes(reply.pieces));
  const auto& choice = body["choices"][0];
  CHECK(choice["finish_reason"] == "tool_calls");
  REQUIRE(choice["message"]["tool_calls"].size() == 2);
  const auto& call = choice["message"]["tool_calls"][0];
  CHECK(call["id"] != choice["message"]["tool_calls"][1]["id"]);
  CHECK(call["function"]["name"] == "look");
  const auto arguments = nlohmann::json::parse(call["function"]["arguments"].get<std::string>());
  CHECK(arguments == nlohmann::json{{"city", "Zürich"}, {"days", 3}, {"unit", "C"}});
}

TEST_CASE("after the results of so many rounds there is a text") {
  const std::string called =
      R"({"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"a","function":
         {"name":"look","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"x"})";
  const auto request = request_of(chat_with(called));
  CHECK(request.rounds == 1);
  const auto text = nlohmann::json::parse(
      all_bytes(make_stub_reply(request, {.tokens = 5, .rounds = 1}, 1).pieces));
  CHECK(text["choices"][0]["message"]["content"] == stub_text(5));
  CHECK(text["usage"]["completion_tokens"] == 5);
  const auto again =
      nlohmann::json::parse(all_bytes(make_stub_reply(request, {.rounds = 2}, 1).pieces));
  CHECK(again["choices"][0]["finish_reason"] == "tool_calls");
  // What somebody says anew is answered anew.
  CHECK(request_of(chat_with(called + R"(,{"role":"user","content":"more"})")).rounds == 0);
}

TEST_CASE("a conversation that no provider would take is refused") {
  const std::string call =
      R"({"role":"assistant","tool_calls":[{"id":"a","function":{"name":"look","arguments":"{}"}}]})";
  for (const auto& messages :
       {call, call + R"(,{"role":"user","content":"hi"})",
        call + R"(,{"role":"tool","tool_call_id":"b","content":"x"})",
        std::string{R"({"role":"tool","tool_call_id":"a","content":"x"})"},
        std::string{
            R"({"role":"assistant","tool_calls":[{"id":"a","function":{"arguments":"{"}}]})"},
        std::string{R"({"role":"narrator","content":"x"})"}, std::string{}})
    CHECK_FALSE(read_stub_request(chat_with(messages), false));
  CHECK_FALSE(read_stub_request("{", false));
}

TEST_CASE("a tool is only called when the request lets it") {
  const std::string user = R"({"role":"user","content":"hi"})";
  CHECK(request_of(chat_with(user, std::string{stub_tools} + R"(,"tool_choice":"none")"))
            .tool.empty());
  CHECK(request_of(chat_with(user, R"("stream":false)")).tool.empty());
  CHECK(request_of(chat_with(user, std::string{stub_tools} +
                                       R"(,"tool_choice":{"function":{"name":"other"}})"))
            .tool.empty());
}

TEST_CASE("a stream is a role, the tokens, a reason and an end") {
  const auto reply = streamed({.think = 50ms, .gap = 5ms, .tokens = 3});
  REQUIRE(reply.pieces.size() == 3);
  CHECK(reply.pieces[0].after == 50ms);
  CHECK(reply.pieces[1].after == 5ms);
  const auto events = events_of(all_bytes(reply.pieces));
  REQUIRE(events.size() == 6);
  CHECK(events[0]["choices"][0]["delta"]["role"] == "assistant");
  CHECK(events[2]["choices"][0]["delta"]["content"] == "is ");
  CHECK(events[4]["choices"][0]["finish_reason"] == "stop");
  CHECK(events[5] == "[DONE]");
}

TEST_CASE("one-byte deltas add up to the arguments") {
  auto body =
      chat_with(R"({"role":"user","content":"hi"})", std::string{stub_tools} + R"(,"stream":true)");
  const auto request = request_of(body);
  std::string arguments;
  const auto reply = make_stub_reply(request, {.fault = stub_fault::one_byte_arguments}, 1);
  for (const auto& event : events_of(all_bytes(reply.pieces))) {
    if (!event.is_object() || !event["choices"][0]["delta"].contains("tool_calls"))
      continue;
    const auto piece = event["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"];
    CHECK(piece.get<std::string>().size() <= 1);
    arguments += piece.get<std::string>();
  }
  CHECK(arguments == request.arguments);
  CHECK(nlohmann::json::accept(arguments));
}

TEST_CASE("bad arguments are no JSON, and a lie is another reason than what happened") {
  const auto request = request_of(chat_with(R"({"role":"user","content":"hi"})"));
  const auto bad = nlohmann::json::parse(
      all_bytes(make_stub_reply(request, {.fault = stub_fault::bad_arguments}, 1).pieces));
  const auto& message = bad["choices"][0]["message"];
  CHECK_FALSE(
      nlohmann::json::accept(message["tool_calls"][0]["function"]["arguments"].get<std::string>()));
  const auto lie = nlohmann::json::parse(
      all_bytes(make_stub_reply(request, {.fault = stub_fault::wrong_finish}, 1).pieces));
  CHECK(lie["choices"][0]["finish_reason"] == "stop");
}

TEST_CASE("a cut or stalled reply is a beginning of the good one, exact for its seed") {
  const auto good = streamed({.tokens = 20});
  const auto whole = all_bytes(good.pieces);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto cut = spoil_stub_reply(good, stub_fault::cut, {}, seeded_random{seed});
    const auto left = all_bytes(cut.pieces);
    CHECK(left.size() < whole.size());
    CHECK(whole.starts_with(left));
    CHECK(cut.ending == stub_ending::closes);
    const auto again = spoil_stub_reply(good, stub_fault::stall, {}, seeded_random{seed});
    CHECK(all_bytes(again.pieces) == left);
    CHECK(again.ending == stub_ending::stalls);
  }
}

TEST_CASE("a cut body is shorter than its head says") {
  const auto request = request_of(chat_with(R"({"role":"user","content":"hi"})"));
  const auto good = all_bytes(wire_of(make_stub_reply(request, {}, 1)));
  const auto cut = all_bytes(wire_of(
      spoil_stub_reply(make_stub_reply(request, {}, 1), stub_fault::cut, {}, seeded_random{3})));
  CHECK(cut.size() < good.size());
  CHECK(good.starts_with(cut.substr(0, cut.find("\r\n\r\n"))));
}

TEST_CASE("split and trickling streams still say the same") {
  const auto good = streamed({.tokens = 20});
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto split = spoil_stub_reply(good, stub_fault::split, {}, seeded_random{seed});
    CHECK(split.pieces.size() > 20);
    CHECK(events_of(all_bytes(split.pieces)) == events_of(all_bytes(good.pieces)));
    const auto trickle = spoil_stub_reply(good, stub_fault::trickle, {}, seeded_random{seed});
    CHECK(all_bytes(trickle.pieces) == all_bytes(good.pieces));
    CHECK(trickle.pieces[1].bytes.size() == 3);
    CHECK(trickle.pieces[1].after == 1ms);
  }
}

TEST_CASE("a refusal for its rate says when to come back, or does not") {
  const auto said = spoil_stub_reply(streamed({}), stub_fault::rate_limited, {.retry_after = 3s},
                                     seeded_random{1});
  CHECK(said.status == 429);
  CHECK(all_bytes(wire_of(said)).find("Retry-After: 3\r\n") != std::string::npos);
  const auto bare =
      spoil_stub_reply(streamed({}), stub_fault::rate_limited_bare, {}, seeded_random{1});
  CHECK(bare.status == 429);
  CHECK(all_bytes(wire_of(bare)).find("Retry-After") == std::string::npos);
}

TEST_CASE("faults meet their share of the requests, the same ones for a seed") {
  const stub_options options{.faults = {stub_fault::cut, stub_fault::stall}, .fault_share = 0.3};
  int met = 0;
  for (std::uint64_t number = 0; number < 1'000; ++number) {
    const auto fault = draw_stub_fault(options, number);
    CHECK(fault == draw_stub_fault(options, number));
    met += fault == stub_fault::none ? 0 : 1;
  }
  CHECK(met > 230);
  CHECK(met < 370);
  CHECK(draw_stub_fault({}, 1) == stub_fault::none);
}
