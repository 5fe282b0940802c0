/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strangers in the order of their coming. There are few enough to be counted anew for each that comes. */
#include "app/half_open.h"

#include <string.h>

void half_open_init(struct half_open *table)
{
	memset(table, 0, sizeof *table);
	TAILQ_INIT(&table->list);
	half_open_limit(table, &(struct half_open_limits){ 0 });
}

void half_open_limit(struct half_open *table, const struct half_open_limits *limits)
{
	table->limits = (struct half_open_limits){
		.all = limits->all == 0 ? HALF_OPEN_ALL : limits->all,
		.origin = limits->origin == 0 ? HALF_OPEN_ORIGIN : limits->origin,
		.burst = limits->burst == 0 ? HALF_OPEN_BURST : limits->burst,
		.rate = limits->rate == 0 ? HALF_OPEN_RATE : limits->rate,
		.time = limits->time == 0 ? HALF_OPEN_TIME : limits->time,
	};
}

/* After so long an origin may have another one. */
static tchat_time half_open_step(const struct half_open *table)
{
	return TCHAT_SECONDS(1) / table->limits.rate;
}

/* How many strangers its friends vouch for. */
static size_t half_open_friends(const struct half_open *table, const struct half_open_pace *pace, tchat_time now)
{
	size_t friends = pace->befriended + HALF_OPEN_MEMORY <= now ? 0 : pace->friends;
	return now < table->expected_until && friends < table->expected ? table->expected : friends;
}

void half_open_expect(struct half_open *table, size_t friends, tchat_time now)
{
	table->expected = friends < HALF_OPEN_FRIENDS ? friends : HALF_OPEN_FRIENDS;
	table->expected_until = now + HALF_OPEN_RETURN;
}

/* The pace of an origin. One that is not there has the place of the one that needs it least. */
static struct half_open_pace *half_open_pace(struct half_open *table, const uint8_t origin[STREAM_ORIGIN])
{
	struct half_open_pace *least = &table->paces[0];
	for (size_t i = 0; i < HALF_OPEN_REMEMBERED; i++) {
		if (memcmp(table->paces[i].origin, origin, STREAM_ORIGIN) == 0)
			return &table->paces[i];
		if (table->paces[i].paid < least->paid)
			least = &table->paces[i];
	}
	*least = (struct half_open_pace){ .paid = 0 };
	memcpy(least->origin, origin, STREAM_ORIGIN);
	return least;
}

/* The oldest that is charged, to origin unless that is NULL; how many such there are. */
static size_t half_open_find(struct half_open *table, const uint8_t *origin, struct half_open_entry **oldest)
{
	struct half_open_entry *entry;
	size_t count = 0;
	TAILQ_FOREACH(entry, &table->list, link) {
		bool counts = origin == NULL ? !entry->vouched : memcmp(entry->origin, origin, STREAM_ORIGIN) == 0;
		if (!entry->charged || !counts)
			continue;
		if (count++ == 0)
			*oldest = entry;
	}
	return count;
}

/* A small number for an origin; some share one. */
static uint8_t half_open_share(const uint8_t origin[STREAM_ORIGIN])
{
	unsigned share = 0;
	for (size_t i = 0; i < STREAM_ORIGIN; i++)
		share = share * 31 + origin[i];
	return (uint8_t)(share ^ share >> 8);
}

/* All places are taken, by young ones: the oldest of an origin that has more of them than this one would have; or NULL. */
static struct half_open_entry *half_open_crowd(struct half_open *table, const uint8_t origin[STREAM_ORIGIN])
{
	uint16_t counts[UINT8_MAX + 1] = { 0 };
	uint8_t most = half_open_share(origin);
	struct half_open_entry *entry;
	unsigned own = 1;
	TAILQ_FOREACH(entry, &table->list, link) {
		uint8_t share = half_open_share(entry->origin);
		counts[share] += entry->charged;
		own += entry->charged && memcmp(entry->origin, origin, STREAM_ORIGIN) == 0;
		if (counts[share] > counts[most])
			most = share;
	}
	if (counts[most] <= own)
		return NULL;
	TAILQ_FOREACH(entry, &table->list, link)
		if (entry->charged && half_open_share(entry->origin) == most && memcmp(entry->origin, origin, STREAM_ORIGIN) != 0)
			return entry;
	return NULL;
}

bool half_open_enter(struct half_open *table, struct half_open_entry *entry, const uint8_t origin[STREAM_ORIGIN],
                     tchat_time now, struct half_open_entry **evicted)
{
	struct half_open_entry *oldest = NULL;
	struct half_open_pace *pace = half_open_pace(table, origin);
	*evicted = NULL;
	if (pace->paid < now)
		pace->paid = now;
	size_t friends = half_open_friends(table, pace, now);
	if (pace->paid + half_open_step(table) > now + (table->limits.burst + friends) * half_open_step(table))
		return false;
	size_t count = half_open_find(table, origin, &oldest);
	bool full = count >= table->limits.origin + friends, all = false;
	bool vouched = !full && count < friends && table->vouched < HALF_OPEN_VOUCHED;
	if (!full && !vouched && table->charged >= table->limits.all) {
		full = all = true;
		half_open_find(table, NULL, &oldest);
	}
	if (full) {
		if (oldest != NULL && now - oldest->since < HALF_OPEN_GRACE)
			oldest = all ? half_open_crowd(table, origin) : NULL;
		if (oldest == NULL)
			return false;
		half_open_leave(table, oldest);
		*evicted = oldest;
	}
	*entry = (struct half_open_entry){ .since = now, .entered = true, .charged = true, .vouched = vouched };
	memcpy(entry->origin, origin, STREAM_ORIGIN);
	TAILQ_INSERT_TAIL(&table->list, entry, link);
	*(vouched ? &table->vouched : &table->charged) += 1;
	pace->paid += half_open_step(table);
	return true;
}

static void half_open_discharge(struct half_open *table, struct half_open_entry *entry)
{
	if (entry->charged && entry->vouched)
		table->vouched--;
	else if (entry->charged)
		table->charged--;
	entry->charged = false;
}

void half_open_pardon(struct half_open *table, struct half_open_entry *entry, tchat_time now)
{
	struct half_open_pace *pace = half_open_pace(table, entry->origin);
	if (!entry->charged)
		return;
	pace->paid -= pace->paid < half_open_step(table) ? pace->paid : half_open_step(table);
	if (pace->befriended + HALF_OPEN_MEMORY <= now)
		pace->friends = 0;
	pace->friends += pace->friends < HALF_OPEN_FRIENDS;
	pace->befriended = now;
	half_open_discharge(table, entry);
}

void half_open_leave(struct half_open *table, struct half_open_entry *entry)
{
	half_open_discharge(table, entry);
	if (entry->entered)
		TAILQ_REMOVE(&table->list, entry, link);
	entry->entered = false;
}

tchat_time half_open_deadline(const struct half_open *table)
{
	const struct half_open_entry *first = TAILQ_FIRST(&table->list);
	return first != NULL ? first->since + table->limits.time : TCHAT_NEVER;
}

struct half_open_entry *half_open_overdue(struct half_open *table, tchat_time now)
{
	struct half_open_entry *first = TAILQ_FIRST(&table->list);
	if (first == NULL || now < first->since + table->limits.time)
		return NULL;
	half_open_leave(table, first);
	return first;
}
