#include "tests/support/agent_program.hpp"
#include "tests/support/web_calls.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <set>
#include <string>

using namespace libagent;
using namespace libagent::testing;
using Catch::Contains;

namespace {

/// Takes requests, each on a connection of its own, until spans of all these names have come.
/// Returns all bodies.
std::string collect_spans(const loopback_server& collector, std::set<std::string> names) {
  std::string all;
  while (!names.empty()) {
    const auto peer = collector.accept();
    const auto request = receive_request(peer);
    CHECK_THAT(request, Contains("POST /otlp/v1/traces HTTP/1.1") &&
                            Contains("Authorization: Bearer of spans"));
    peer.send(as_answer(200, "{}", "Content-Type: application/json\r\nConnection: close\r\n"));
    const auto body = nlohmann::json::parse(request.substr(request.find("\r\n\r\n") + 4));
    for (const auto& each : body.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans"))
      names.erase(each.at("name").get<std::string>());
    all += body.dump();
  }
  return all;
}

/// A folder with a note that is indexed, and what the collector wants to see.
void fill_home(const temporary_folder& home) {
  home.write("notes/a.md", "The lighthouse was built in 1887 by two brothers.\n");
  home.write("headers", "Authorization=Bearer%20of%20spans\n");
  REQUIRE(run_agent(home, {"run", "index_folder", "--docs", "notes"}).code == 0);
}

void ask_documents(const served_agent& server) {
  const auto answer = http_client{}.send(
      {.method = "POST",
       .url = server.url("/v1/chat/completions"),
       .headers = {{"Content-Type", "application/json"},
                   {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}},
       .body =
           R"({"model":"agent:documents","messages":[{"role":"user","content":"When was the lighthouse built?"}]})",
       .timeout = process_patience});
  REQUIRE(answer);
  INFO(answer->body);
  REQUIRE(answer->status == 200);
}

}  // namespace

TEST_CASE("the spans of a turn reach a collector, below the caller's and without contents",
          "[system]") {
  const temporary_folder home;
  fill_home(home);
  const loopback_server collector;
  served_agent server{
      home,
      {"--docs", "notes", "--set", "telemetry.otlp-endpoint=" + url_at(collector, "/otlp"), "--set",
       "telemetry.otlp-headers-file=headers", "--set", "telemetry.export-interval=10ms"}};
  ask_documents(server);
  const auto sent = collect_spans(collector, {"invoke_agent documents", "chat extractive"});
  CHECK_THAT(sent, Contains(R"("traceId":"0af7651916cd43dd8448eb211c80319c")") &&
                       Contains(R"("parentSpanId":"b7ad6b7169203331")") &&
                       Contains("service.name"));
  CHECK_THAT(sent, !Contains("lighthouse") && !Contains("1887"));
}

TEST_CASE("a server that is told to stop sends its last spans first", "[system]") {
  const temporary_folder home;
  fill_home(home);
  const loopback_server collector;
  served_agent server{
      home,
      {"--docs", "notes", "--set", "telemetry.otlp-endpoint=" + url_at(collector, "/otlp"), "--set",
       "telemetry.otlp-headers-file=headers", "--set", "telemetry.export-interval=1h"}};
  ask_documents(server);
  server.process().send_signal(SIGTERM);
  (void)collect_spans(collector, {"invoke_agent documents"});
  CHECK(server.process().wait(process_patience) == exit_status{.code = 0, .signal = {}});
}

TEST_CASE("an endpoint that is none is refused", "[system]") {
  const temporary_folder home;
  const auto run =
      run_agent(home, {"config", "check", "--set", "telemetry.otlp-endpoint=collector:4318"});
  CHECK(run.code == 2);
  CHECK_THAT(run.errors, Contains("telemetry.otlp-endpoint"));
}
