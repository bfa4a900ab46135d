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

/// How refusals call a payer.
std::string payer_text(payer_kind kind, std::string_view name) {
  return (kind == payer_kind::client ? "client " : "agent ") + std::string{name};
}

template <class Table>
const usage_account* find_account(const Table& table, std::string_view name) {
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace

std::int64_t budget_day(unix_millis when) {
  return when / day_ms;
}

expected<usage_hold> usage_ledger::reserve(const usage_payers& payers, const usage_amount& most,
                                           unix_millis now) {
  const auto today = budget_day(now);
  if (payers.turn_left_micro && most.cost_micro > *payers.turn_left_micro)
    return refuse("the turn", most.cost_micro, *payers.turn_left_micro, "millionths");
  auto client = check(
      {payer_kind::client, payers.client, payers.client_budget_micro, payers.client_budget_tokens},
      most, today);
  if (!client)
    return std::move(client.error());
  auto agent = check({payer_kind::agent, payers.agent, payers.agent_budget_micro, 0}, most, today);
  if (!agent)
    return std::move(agent.error());
  usage_hold hold{.client = {}, .agent = {}, .amount = most};
  if (*client != nullptr) {
    add_amount((*client)->reserved, most);
    note_change(payer_kind::client, payers.client, **client);
    hold.client = payers.client;
  }
  if (*agent != nullptr) {
    add_amount((*agent)->reserved, most);
    note_change(payer_kind::agent, payers.agent, **agent);
    hold.agent = payers.agent;
  }
  return hold;
}

/// The account that is to pay; null when it has no budget.
expected<usage_account*> usage_ledger::check(const bill& payer, const usage_amount& most,
                                             std::int64_t today) {
  if (payer.budget_micro == 0 && payer.budget_tokens == 0)
    return nullptr;
  auto opened = open(payer, today);
  if (!opened)
    return opened;
  const auto& spent = (*opened)->spent;
  const auto& reserved = (*opened)->reserved;
  const auto whose = [&payer] { return payer_text(payer.kind, payer.name); };
  const auto money = rest_of(payer.budget_micro, spent.cost_micro, reserved.cost_micro);
  if (payer.budget_micro > 0 && most.cost_micro > money)
    return refuse(whose(), most.cost_micro, money, "millionths");
  const auto tokens = rest_of(payer.budget_tokens, spent.tokens, reserved.tokens);
  if (payer.budget_tokens > 0 && most.tokens > tokens)
    return refuse(whose(), most.tokens, tokens, "tokens");
  return opened;
}

expected<usage_account*> usage_ledger::open(const bill& payer, std::int64_t today) {
  auto& kind = accounts_of(payer.kind);
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
    return error{errc::overloaded, "reserve for " + payer_text(payer.kind, payer.name) + ": " +
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
  const auto today = budget_day(now);
  if (hold.client)
    settle(payer_kind::client, *hold.client, hold.amount, used, today);
  if (hold.agent)
    settle(payer_kind::agent, *hold.agent, hold.amount, used, today);
}

void usage_ledger::settle(payer_kind kind, const std::string& name, const usage_amount& held,
                          const usage_amount& used, std::int64_t today) {
  const auto found = accounts_of(kind).find(name);
  if (found == accounts_of(kind).end())
    return;
  begin_day(found->second, today);
  take_amount(found->second.reserved, held);
  add_amount(found->second.spent, used);
  note_change(kind, name, found->second);
}

void usage_ledger::note_change(payer_kind kind, std::string_view name, usage_account& account) {
  if (!std::exchange(account.is_changed, true))
    changed_.emplace_back(kind, name);
}

void usage_ledger::restore(std::span<const kept_spending> kept, unix_millis now) {
  const auto today = budget_day(now);
  for (const auto& each : kept) {
    if (each.day == today)
      accounts_of(each.kind)[each.name] = {.day = today, .spent = each.spent, .reserved = {}};
  }
}

std::vector<kept_spending> usage_ledger::take_changed() {
  std::vector<kept_spending> taken;
  for (auto& [kind, name] : std::exchange(changed_, {})) {
    const auto found = accounts_of(kind).find(name);
    if (found == accounts_of(kind).end())
      continue;  // Its day is over, and it made room.
    auto& account = found->second;
    account.is_changed = false;
    kept_spending now{.kind = kind, .name = std::move(name), .day = account.day, .spent = {}};
    add_amount(now.spent, account.spent);
    add_amount(now.spent, account.reserved);
    taken.push_back(std::move(now));
  }
  return taken;
}

void usage_ledger::mark_changed(std::span<const kept_spending> taken) {
  for (const auto& each : taken) {
    const auto found = accounts_of(each.kind).find(each.name);
    if (found != accounts_of(each.kind).end())
      note_change(each.kind, each.name, found->second);
  }
}

const usage_account* usage_ledger::client(std::string_view name) const {
  return find_account(clients_, name);
}

const usage_account* usage_ledger::agent(std::string_view name) const {
  return find_account(agents_, name);
}

}  // namespace libagent
