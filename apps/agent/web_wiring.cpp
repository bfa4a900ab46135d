#include "apps/agent/web_wiring.hpp"

#include "libagent/adapters/curl_web_client.hpp"
#include "libagent/adapters/text_file.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace libagent::app {

namespace {

constexpr std::size_t ca_file_bytes_max = std::size_t{4} << 20U;

/// Otherwise each call would fail, and none would say which option is wrong.
expected<void> check_ca_file(const std::string& file) {
  const auto text = read_text_file(file, ca_file_bytes_max);
  if (!text)
    return error{text.error().code, "tls.ca-file: " + text.error().context};
  if (text->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return error{errc::invalid_argument,
                 "tls.ca-file: " + file + " has no certificate: expected a PEM file with some"};
  }
  return {};
}

}  // namespace

expected<web_client_ptr> make_web_client(const agent_config& config,
                                         std::function<void()> on_thread_start) {
  if (!config.tls.ca_file.empty()) {
    if (auto fits = check_ca_file(config.tls.ca_file); !fits)
      return fits.error();
  }
  return web_client_ptr{std::make_shared<curl_web_client>(curl_web_client_options{
      .ca_file = config.tls.ca_file, .on_thread_start = std::move(on_thread_start)})};
}

}  // namespace libagent::app
