#include "libagent/models/usage_ledger.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

constexpr unix_millis day_ms = 86'400'000;

/// What of `budget` is neither spent nor reserved.
std::uint64_t rest_of(std::uint64_t budget, std::uint64_t spent, std::uint64_t reserved) {
  const auto left = budget - std::min(budget, spent);
  return left - std::min(left, reserved);
}

void begin_day(usage_account& account, std::int64_t today) {
  if (account.day == today)
    return;
  account.day = today;
  account.spent = {};
}

void add_amount(usage_amount& sum, const usage_amount& more) {
  sum.cost_micro += more.cost_micro;
  sum.tokens += more.tokens;
}

void take_amount(usage_amount& sum, const usage_amount& less) {
  sum.cost_micro -= std::min(sum.cost_micro, less.cost_micro);
  sum.tokens -= std::min(sum.tokens, less.tokens);
}

template <class Table>
const usage_account* find_account(const Table& table, std::string_view name) {
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace

expected<usage_hold> usage_ledger::reserve(const usage_payers& payers, const usage_amount& most,
                                           unix_millis now) {
  const auto today = now / day_ms;
  if (payers.turn_left_micro && most.cost_micro > *payers.turn_left_micro)
    return refuse("the turn", most.cost_micro, *payers.turn_left_micro, "millionths");
  auto client = check(
      clients_, {"client", payers.client, payers.client_budget_micro, payers.client_budget_tokens},
      most, today);
  if (!client)
    return std::move(client.error());
  auto agent = check(agents_, {"agent", payers.agent, payers.agent_budget_micro, 0}, most, today);
  if (!agent)
    return std::move(agent.error());
  usage_hold hold{.client = {}, .agent = {}, .amount = most};
  if (*client != nullptr) {
    add_amount((*client)->reserved, most);
    hold.client = payers.client;
  }
  if (*agent != nullptr) {
    add_amount((*agent)->reserved, most);
    hold.agent = payers.agent;
  }
  return hold;
}

/// The account that is to pay; null when it has no budget.
expected<usage_account*> usage_ledger::check(accounts& kind, const bill& payer,
                                             const usage_amount& most, std::int64_t today) {
  if (payer.budget_micro == 0 && payer.budget_tokens == 0)
    return nullptr;
  auto opened = open(kind, payer, today);
  if (!opened)
    return opened;
  const auto& [day, spent, reserved] = **opened;
  const auto whose = [&payer] { return std::string{payer.kind} + " " + std::string{payer.name}; };
  const auto money = rest_of(payer.budget_micro, spent.cost_micro, reserved.cost_micro);
  if (payer.budget_micro > 0 && most.cost_micro > money)
    return refuse(whose(), most.cost_micro, money, "millionths");
  const auto tokens = rest_of(payer.budget_tokens, spent.tokens, reserved.tokens);
  if (payer.budget_tokens > 0 && most.tokens > tokens)
    return refuse(whose(), most.tokens, tokens, "tokens");
  return opened;
}

expected<usage_account*> usage_ledger::open(accounts& kind, const bill& payer,
                                            std::int64_t today) const {
  if (const auto known = kind.find(payer.name); known != kind.end()) {
    begin_day(known->second, today);
    return &known->second;
  }
  if (kind.size() >= accounts_max_) {
    std::erase_if(kind, [today](const auto& each) {
      const auto& [name, account] = each;
      return account.day != today && account.reserved.tokens == 0 &&
             account.reserved.cost_micro == 0;
    });
  }
  if (kind.size() >= accounts_max_) {
    return error{errc::overloaded, "reserve for " + std::string{payer.kind} + " " +
                                       std::string{payer.name} + ": " +
                                       std::to_string(kind.size()) + " accounts already"};
  }
  auto& added = kind[std::string{payer.name}];
  added.day = today;
  return &added;
}

error usage_ledger::refuse(const std::string& whose, std::uint64_t needed, std::uint64_t left,
                           const char* unit) {
  ++refused_;
  return {errc::budget_exceeded, "reserve " + std::to_string(needed) + " " + unit + ": " + whose +
                                     " has " + std::to_string(left) +
                                     " left; budgets of a day begin anew at midnight UTC"};
}

void usage_ledger::settle(const usage_hold& hold, const usage_amount& used, unix_millis now) {
  const auto today = now / day_ms;
  if (hold.client)
    settle(clients_, *hold.client, hold.amount, used, today);
  if (hold.agent)
    settle(agents_, *hold.agent, hold.amount, used, today);
}

void usage_ledger::settle(accounts& kind, const std::string& name, const usage_amount& held,
                          const usage_amount& used, std::int64_t today) {
  const auto found = kind.find(name);
  if (found == kind.end())
    return;
  begin_day(found->second, today);
  take_amount(found->second.reserved, held);
  add_amount(found->second.spent, used);
}

const usage_account* usage_ledger::client(std::string_view name) const {
  return find_account(clients_, name);
}

const usage_account* usage_ledger::agent(std::string_view name) const {
  return find_account(agents_, name);
}

}  // namespace libagent
