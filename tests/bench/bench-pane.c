/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CPU time of the message pane: 100,000 messages of 80 bytes appended, the screen drawn once per 16 ms of a flood of 10,000
 * messages a second (every 160 messages); and pages up through what is kept. Prints figures; asserts nothing. */
#include "ui/screen.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void flood(const char *name, const char *text, int rows, int columns)
{
	enum { COUNT = 100000, DRAW_EVERY = 160, PAGES = 1000 };
	struct message_list *list = message_list_new(1000, 2000);
	struct message_pane *pane = message_pane_new(list);
	struct cells *cells = cells_new(rows, columns);
	if (list == NULL || pane == NULL || cells == NULL)
		exit(1);
	struct screen_view view = { .room = "bench", .topic = "how fast?", .pane = pane,
		                    .status = { .connection = STATUS_CONNECTED, .lag = 1 }, .input = { .text = "" } };
	double start = cpu();
	unsigned draws = 0;
	for (unsigned i = 0; i < COUNT; i++) {
		char nick[16];
		struct shown_message message = { .nick = nick, .text = text, .text_length = strlen(text),
			                         .wall = UINT64_C(1746433800000000) + i * UINT64_C(100) };
		message.nick_length = (size_t)snprintf(nick, sizeof nick, "user%u", i % 50);
		message_list_append(list, &message);
		if (i % DRAW_EVERY == 0) {
			screen_draw(cells, &view);
			draws++;
		}
	}
	double flooded = cpu() - start;
	start = cpu();
	for (unsigned i = 0; i < PAGES; i++) {
		message_pane_page(pane, i / 20 % 2 ? 1 : -1);
		screen_draw(cells, &view);
	}
	double paged = cpu() - start;
	printf("%-8s %3dx%-3d  %d messages, %u draws: %.3f s   a page: %.3f ms\n", name, columns, rows, COUNT, draws, flooded,
	       paged / PAGES * 1e3);
	message_pane_free(pane);
	message_list_free(list);
	cells_free(cells);
}

int main(void)
{
	static const char ascii[] = "The quick brown fox jumps over the lazy dog and then it sleeps for an hour more.";
	static const char cjk[] = "今日のリリースについて、変更点の一覧を確認しました。";
	setlocale(LC_ALL, "");
	flood("ascii", ascii, 24, 80);
	flood("ascii", ascii, 50, 200);
	flood("cjk", cjk, 24, 80);
	flood("cjk", cjk, 50, 200);
	return 0;
}
