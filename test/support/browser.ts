/** As much of a browser as a sign-in takes: follows redirects, keeps cookies, fills in forms. */
export interface Browser {
  open(url: string): Promise<Page>;
  /** Sends the first form of a page, with what it holds and what the person types. */
  submit(page: Page, typed?: Record<string, string>): Promise<Page>;
}

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

export function browser(): Browser {
  const cookies = new Map<string, string>();

  async function load(url: string, form?: URLSearchParams): Promise<Page> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]?.split(/=(.*)/s) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const to = response.headers.get('location');
    if (to !== null) return load(new URL(to, url).href);
    return { url, status: response.status, text: await response.text() };
  }

  return {
    open: (url) => load(url),
    submit(page, typed = {}) {
      const form = /<form[^>]*>/.exec(page.text)?.[0] ?? '';
      const action = /action="([^"]*)"/.exec(form)?.[1] ?? page.url;
      const held = [...page.text.matchAll(/<input[^>]*>/g)].map(([input]) => [
        /name="([^"]*)"/.exec(input)?.[1] ?? '',
        /value="([^"]*)"/.exec(input)?.[1] ?? '',
      ]);
      const fields = { ...Object.fromEntries(held.filter(([name]) => name !== '')), ...typed };
      return load(new URL(action, page.url).href, new URLSearchParams(fields));
    },
  };
}
