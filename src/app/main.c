/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/errors.h"

#include <stdio.h>

int main(void)
{
	puts(tchat_err_text(0));
	return 0;
}
